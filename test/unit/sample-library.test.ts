import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkFile, findManifest } from '../../cli/manifest-file.ts';
import { readManifest } from '../../lib/manifest/read-manifest.ts';
import { sniffType } from '../../lib/sniff-type.ts';

const samples = fileURLToPath(new URL('../../samples/', import.meta.url));

test('the sample library is a manifest without faults, and its files are what it says', async () => {
  const file = await findManifest(`${samples}library.csv`, 'demo');
  expect(await checkFile(file, () => undefined)).toMatchObject({ rows: 34, faultCount: 0 });
  const types: Record<string, number> = {};
  for await (const rows of readManifest(file.open(), file.reading)) {
    for (const row of rows) {
      const named = 'event' in row && 'file' in row.event.data ? row.event.data.file : undefined;
      if (named === undefined) continue;
      const bytes = readFileSync(named.url.replace('s3://inbox/files/demo/', samples));
      if (named.md5 !== undefined) expect(createHash('md5').update(bytes).digest('hex')).toBe(named.md5);
      const type = sniffType(bytes) ?? 'unknown';
      types[type] = (types[type] ?? 0) + 1;
    }
  }
  expect(types).toEqual({ 'application/pdf': 24, 'image/png': 8 });
});
