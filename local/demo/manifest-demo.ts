import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Agent } from 'undici';
import { bringManifest } from '../../cli/bring-manifest.ts';
import { connectToConnector, type ConnectorApi } from '../../cli/connector-api.ts';
import { checkFile, faultLines, findManifest, type ManifestFile } from '../../cli/manifest-file.ts';
import { showPlan } from '../../cli/show-plan.ts';
import { watchImport } from '../../cli/watch-import.ts';
import { readManifest } from '../../lib/manifest/read-manifest.ts';
import { filesOf } from '../../lib/manifest/row-event.ts';
import { startStack } from '../stack.ts';
import type { Stack } from '../stack.ts';
import { demoSettings } from './demo-settings.ts';
import { assetsOf, ShowpadView } from './showpad-view.ts';
import { unless } from './unless.ts';

const source = 'demo';
const longestMs = 180_000;

/**
 * `npm run demo -- --manifest FILE`: a whole library into an emulated Showpad: planned, imported, and imported once
 * more. Files that its rows name by their key are looked for beside it and put into the bucket first.
 * @returns the exit code: 0 only when every row is in Showpad as it says, and the second time asks for nothing
 */
export async function runManifestDemo(path: string): Promise<number> {
  const file = await findManifest(resolve(process.env['INIT_CWD'] ?? '.', path), source);
  const checked = await checkFile(file, () => undefined);
  if (checked.faultCount > 0) {
    console.error(faultLines(file.name, checked.faults, checked.faultCount).join('\n'));
    return 1;
  }
  console.log(`Showpad connector: ${checked.rows} rows of ${file.name} into Showpad.\n`);
  console.log('  Starting the functions of template.yaml, emulated AWS and an emulated Showpad …\n');
  const { settings } = demoSettings(process.env);
  const stack = await startStack({
    processes: 'own',
    ...settings,
    parameters: { LogLevel: 'ERROR', ...settings.parameters },
    showpadEmulator: { switches: { processingMs: 250 } },
    onLog: () => undefined,
  });
  const dispatcher = new Agent();
  const folder = await mkdtemp(join(tmpdir(), 'manifest-demo-'));
  const signal = AbortSignal.timeout(longestMs);
  try {
    const rows = await rowsOf(file);
    await putFiles(stack, file, rows);
    const api = await connectToConnector(new URL(stack.apiUrl), {});
    const showpad = new ShowpadView(stack.showpad.v4Url, dispatcher, signal);
    console.log(styleText('bold', 'The plan'));
    await showPlan(api, source, file, false);
    console.log(styleText('bold', '\nThe import'));
    const first = await bring(api, file, folder, signal);
    const position = await showpad.position();
    console.log(styleText('bold', '\nThe same manifest again'));
    const second = await bring(api, file, folder, signal);
    const calls = await showpad.requests(position);
    const library = await showpad.library();
    const faults = [
      ...unless(first === 0, 'the import has failed'),
      ...unless(second === 0, 'the second import has failed'),
      ...unless(calls.length === 0, `the second import made ${calls.length} calls to Showpad`),
      ...rows.flatMap(({ subject, md5 }) => {
        const [asset, ...others] = assetsOf(library, subject);
        return [
          ...unless(
            asset !== undefined && others.length === 0,
            `${subject} has ${others.length + (asset ? 1 : 0)} assets`,
          ),
          ...unless(md5 === null || asset?.checksum === md5, `${subject} is not its file, byte for byte`),
        ];
      }),
    ];
    for (const fault of faults) console.error(`  - ${fault}`);
    if (faults.length > 0) return 1;
    const sentence = `${rows.length} rows, ${rows.length} assets, byte for byte; the second time no call to Showpad.`;
    console.log(`\n${styleText('green', '✓')} ${sentence}`);
    return 0;
  } finally {
    await dispatcher.destroy();
    await stack.stop();
    await rm(folder, { recursive: true });
  }
}

interface Row {
  readonly subject: string;
  /** The file beside the manifest, and where it goes; null for rows that name none. */
  readonly file: { readonly path: string; readonly key: string } | null;
  readonly md5: string | null;
}

async function rowsOf(file: ManifestFile): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const some of readManifest(file.open(), file.reading)) {
    for (const row of some) {
      if (!('event' in row)) continue;
      const { subject, data } = row.event;
      const url = 'file' in data ? data.file?.url : undefined;
      const key = url?.startsWith('s3:') === true ? decodeURIComponent(new URL(url).pathname.slice(1)) : null;
      if (key === null) rows.push({ subject, file: null, md5: null });
      else {
        const path = join(dirname(file.path), key.slice(filesOf(source).length));
        const md5 = createHash('md5')
          .update(await readFile(path))
          .digest('hex');
        rows.push({ subject, file: { path, key }, md5 });
      }
    }
  }
  return rows;
}

async function putFiles(
  { clients, buckets }: Stack,
  file: ManifestFile,
  rows: readonly Row[],
): Promise<void> {
  const files = rows.flatMap((row) => row.file ?? []);
  for (const { path, key } of files) {
    await clients.s3.send(
      new PutObjectCommand({ Bucket: buckets['inbox'], Key: key, Body: await readFile(path) }),
    );
  }
  if (files.length > 0) console.log(`  ${files.length} files of ${file.name} wait in the bucket.\n`);
}

async function bring(
  api: ConnectorApi,
  file: ManifestFile,
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const id = await bringManifest(api, file, { source, skipInvalid: false }, signal);
  return id === null ? 1 : watchImport(api, id, { isJson: false, resultFolder: folder }, signal);
}
