import { beforeEach, describe, expect, it } from 'vitest';
import type { AppliedFile, Asset, Lease, StagedFile } from '../../lib/asset-state.ts';
import { Assets } from '../../lib/assets.ts';
import { parseConfig } from '../../lib/config.ts';
import { LeaseLostError } from '../../lib/leases.ts';
import { PersonalUploads } from '../../lib/personal-uploads.ts';
import { connectShowpad } from '../../lib/showpad-connection.ts';
import { createAsset, deleteAsset, getAsset, updateAsset } from '../../lib/showpad/assets.ts';
import type { ShowpadClient } from '../../lib/showpad/client.ts';
import { createFile } from '../../lib/showpad/files.ts';
import { uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import { createTag } from '../../lib/showpad/tags.ts';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { laid } from './arbitrary-events.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { functionEnvironment } from './invoke.ts';
import { silentTelemetry } from './silent-telemetry.ts';
import { json, startServer } from './showpad-client-server.ts';

const table = useEmbeddedTable();
const minuteMs = 60_000;
const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

let now = new Date('2026-01-01T00:00:00Z');
let key = '';
let tests = 0;
let assets: Assets;
let uploads: PersonalUploads;
beforeEach(() => {
  tests += 1;
  key = `demo:stale-${tests}`;
  now = new Date('2026-01-01T00:00:00Z');
  const { database, tableName } = table();
  assets = new Assets(database, tableName, () => now);
  uploads = new PersonalUploads(database, tableName, () => now);
});

const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};
const upsert = laid('upsert', 1, 'asset.upsert', {
  file: { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' },
});
const staged: StagedFile = {
  order: upsert.order,
  objectKey: 'staged/1',
  size: 1,
  md5,
};
const file = (fileId: string): AppliedFile => ({
  fileId,
  order: upsert.order,
  md5,
  size: 1,
  state: 'sending',
  since: now.toISOString(),
});
async function stored(): Promise<Asset> {
  const asset = await assets.get(key);
  if (asset === null) throw new Error('The asset is not there.');
  return asset;
}

/** Freezes a holder until its lease has ended and another one has taken it, and lets it wake up then. */
async function afterTakeover(wake: (stale: Lease, current: Lease) => Promise<void>): Promise<void> {
  await assets.merge(
    { source: 'demo', subject: key.slice('demo:'.length), order: upsert.order },
    upsert.wishes,
  );
  await assets.recordStaged(key, staged);
  await assets.underLease(key, minuteMs, async (stale) => {
    later(3 * minuteMs);
    const current = await assets.acquire(key, 10 * minuteMs);
    if (current === null) throw new Error('The lease has not ended.');
    await assets.record(current, { assetId: 'current', file: file('current') });
    await wake(stale, current);
  });
}

describe('a holder that wakes up after its lease was taken over', () => {
  it.each<[string, (stale: Lease) => Promise<unknown>]>([
    ['write what it did', (stale) => assets.record(stale, { assetId: 'stale', file: file('stale') })],
    [
      'note an intent',
      (stale) =>
        assets.record(stale, {
          intent: {
            at: now.toISOString(),
            isFindable: true,
            applied: { fields: {}, refused: {}, tagChanges: {} },
          },
        }),
    ],
    ['forget the asset', (stale) => assets.forgetAsset(stale)],
    ['forget the staged bytes', (stale) => assets.forgetStaged(key, staged, stale)],
  ])('cannot %s', async (_what, write) => {
    await afterTakeover(async (stale) => {
      const before = await stored();
      await expect(write(stale)).rejects.toBeInstanceOf(LeaseLostError);
      expect(await stored()).toEqual(before);
      expect(before).toMatchObject({ applied: { assetId: 'current', file: { fileId: 'current' } }, staged });
    });
  });

  it('cannot give the lease back that is another one’s by now', async () => {
    await afterTakeover(async (stale) => {
      await assets.release(stale);
      expect(await assets.acquire(key, minuteMs)).toBeNull();
    });
    // Its story has ended, which gave it back once more.
    expect(await assets.acquire(key, minuteMs)).toBeNull();
    later(12 * minuteMs);
    expect(await assets.acquire(key, minuteMs)).not.toBeNull();
  });

  it('does not hinder the new one', async () => {
    await afterTakeover(async (stale, current) => {
      await assets.record(stale, { assetId: 'stale' }).catch(() => undefined);
      await assets.record(current, { assetId: 'still current' });
      await assets.forgetStaged(key, staged, current);
    });
    expect(await stored()).toMatchObject({ applied: { assetId: 'still current' } });
    expect((await stored()).staged).toBeUndefined();
  });

  it('can say of a file only what is true of that file', async () => {
    await afterTakeover(async () => {
      expect(await assets.recordProcessed(key, file('stale'), 'failed')).toBe(false);
      expect((await stored()).applied.file).toMatchObject({ fileId: 'current', state: 'sending' });
    });
  });

  it('cannot write, or give back, a copy in My Files', async () => {
    await uploads.underLease('user', md5, minuteMs, async (stale) => {
      later(3 * minuteMs);
      const inner = uploads.underLease('user', md5, 10 * minuteMs, async (current) => {
        await uploads.recordCopy(current, { ticketId: 'current' });
        await expect(uploads.recordCopy(stale, {})).rejects.toBeInstanceOf(LeaseLostError);
        await expect(uploads.recordCopy(stale, { assetId: 'stale' })).rejects.toBeInstanceOf(LeaseLostError);
        expect(await uploads.settleCopy('user', md5, 'stale', null)).toBe(false);
        expect(await uploads.underLease('user', md5, minuteMs, () => Promise.resolve(1))).toBeNull();
      });
      await inner;
    });
    const copy = await uploads.underLease('user', md5, minuteMs, (_lease, kept) => Promise.resolve(kept));
    expect(copy).toEqual({ ticketId: 'current' });
  });
});

describe('a holder whose lease has ended', () => {
  const bytes = Buffer.from('0123456789');
  const upload = { size: bytes.length, contentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' };
  const effects: [string, (client: ShowpadClient, url: string) => Promise<unknown>][] = [
    ['creates no asset', (client) => createAsset(client, { name: 'a', division: { id: 'd' } })],
    ['changes no asset', (client) => updateAsset(client, 'a', { name: 'b' })],
    ['deletes no asset', (client) => deleteAsset(client, 'a')],
    ['makes no file', (client) => createFile(client, 'a', { contentMD5: upload.contentMD5 })],
    ['makes no tag', (client) => createTag(client, { name: 't', divisionId: 'd' })],
    [
      'puts nothing to a link',
      (client, url) =>
        uploadBinary(client, { ...upload, uploadMeta: { uploadUrl: `${url}/link` }, body: chunks() }),
    ],
    [
      'sends nothing to My Files',
      (client) =>
        uploadToMyFiles(client, {
          divisionId: 'd',
          name: 'a.pdf',
          fileName: 'a.pdf',
          folder: '/',
          contentType: 'application/pdf',
          body: chunks(),
          size: bytes.length,
        }),
    ],
  ];
  async function* chunks() {
    await Promise.resolve();
    yield bytes;
  }

  it.each(effects)('%s, although nobody has told it', async (_what, effect) => {
    const server = await startServer((response, { method }) => {
      json(response, method === 'GET' ? 200 : 201, { id: 'a' });
    });
    const config = parseConfig({
      ...functionEnvironment,
      SHOWPAD_V4_URL: `${server.url}/v4`,
      SHOWPAD_V3_URL: `${server.url}/api/v3`,
      ALLOW_PRIVATE_SOURCES: 'true',
    });
    const credentials = () => Promise.resolve('{"token":"t"}');
    const client = connectShowpad(config, credentials, table().database, silentTelemetry(), {
      turn: () => Promise.resolve({ answered: () => Promise.resolve() }),
    });
    await assets.merge(
      { source: 'demo', subject: key.slice('demo:'.length), order: upsert.order },
      upsert.wishes,
    );
    try {
      await assets.underLease(key, 10 * minuteMs, async () => {
        await effect(client, server.url).catch(() => undefined);
        expect(server.requests).toHaveLength(1);
        later(10 * minuteMs);
        await expect(effect(client, server.url)).rejects.toBeInstanceOf(LeaseLostError);
        // Looking is always allowed.
        await getAsset(client, 'a');
        expect(server.requests.map(({ method }) => method)).toEqual([server.requests[0]?.method, 'GET']);
      });
      // Outside of the story nothing is forbidden.
      await effect(client, server.url).catch(() => undefined);
      expect(server.requests).toHaveLength(3);
    } finally {
      await client.close();
    }
  });
});
