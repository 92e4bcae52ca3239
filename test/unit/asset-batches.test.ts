import { beforeEach, describe, expect, it } from 'vitest';
import { AssetBatches, type KnownAsset } from '../../lib/asset-batches.ts';
import type { AppliedFile } from '../../lib/asset-state.ts';
import { Assets } from '../../lib/assets.ts';
import { foreseeChange, isProven, unknownAsset } from '../../lib/foreseen-change.ts';
import { eventOrder } from '../../lib/event-order.ts';
import type { ConnectorEvent } from '../../lib/events.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const held = { fileId: 'file-1', md5, size: 3, since: '2026-01-01T00:00:00Z', state: 'usable' } as const;

let now = new Date('2026-01-01T00:00:00Z');
let subject = '';
let key = '';
let tests = 0;
let assets: Assets;
let batches: AssetBatches;

function upsertOf(id: string, minute: number, file: object): ConnectorEvent {
  const time = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const data = { file: { url: 'https://dam.example/a.pdf', name: 'a.pdf', ...file } };
  return { id, subject, time, order: eventOrder({ id, time }), type: 'asset.upsert', data };
}

/** An asset at rest, whose file Showpad holds. */
beforeEach(async () => {
  tests += 1;
  subject = `asset-${tests}`;
  key = `demo:${subject}`;
  now = new Date('2026-01-01T01:00:00Z');
  const { database, tableName } = table();
  assets = new Assets(database, tableName, () => now);
  batches = new AssetBatches(database, tableName, () => now);
  const first = upsertOf('first', 1, { md5 });
  const { wishes } = foreseeChange(empty(), first, 'archive');
  await assets.merge({ source: 'demo', subject, order: first.order }, wishes);
  await assets.underLease(key, 60_000, (lease) =>
    assets.record(lease, {
      assetId: 'asset-1',
      lifecycle: 'live',
      fields: { name: 'a.pdf' },
      file: { ...held, order: first.order } satisfies AppliedFile,
    }),
  );
});

function empty() {
  return unknownAsset(key, 'demo', subject);
}

async function read(): Promise<KnownAsset> {
  const known = (await batches.read([key])).assets.get(key);
  if (known === undefined) throw new Error('The asset is not there.');
  return known;
}

function settle(known: KnownAsset, event: ConnectorEvent): Promise<boolean> {
  const { asset, sameFile, step } = foreseeChange(known.asset, event, 'archive');
  expect(step.kind).toBe('done');
  return batches.settle(known, asset.desired, sameFile ?? undefined);
}

describe('wishes that Showpad fulfils already', () => {
  it('are laid in one write, and the file serves the newer event', async () => {
    const event = upsertOf('again', 2, { md5 });
    expect(await settle(await read(), event)).toBe(true);
    const { asset } = await read();
    expect(asset.desired.content?.order).toBe(event.order);
    expect(asset.applied.file).toEqual({ ...held, order: event.order });
    // A late event from between them has no say any more.
    const late = foreseeChange(asset, upsertOf('late', 1.5, { md5: 'f'.repeat(32) }), 'archive');
    expect(late.step.kind).toBe('superseded');
    expect(await settle(await read(), event)).toBe(true);
  });

  it('are not laid while somebody may write the asset', async () => {
    const lease = await assets.acquire(key, 60_000);
    const known = await read();
    expect(await settle(known, upsertOf('again', 2, { md5 }))).toBe(false);
    expect((await read()).asset).toEqual(known.asset);
    if (lease !== null) await assets.release(lease);
    // It was read before the lease ended: whoever held it may have written.
    expect(await settle(await read(), upsertOf('again', 2, { md5 }))).toBe(true);
  });

  it('are not laid over what was written since the asset was read', async () => {
    const known = await read();
    await assets.underLease(key, 60_000, () => Promise.resolve());
    expect(await settle(known, upsertOf('again', 2, { md5 }))).toBe(false);
    const newer = upsertOf('newer', 3, { md5 });
    const read2 = await read();
    await assets.merge({ source: 'demo', subject, order: newer.order }, [
      { path: 'fields.description', value: 'x' },
    ]);
    expect(await settle(read2, upsertOf('again', 2, { md5 }))).toBe(false);
  });

  it.each([
    ['without a checksum', {}],
    ['with another checksum', { md5: 'f'.repeat(32) }],
    ['with another size', { md5, size: 4 }],
    ['by a checksum that nobody took', { sha256: 'f'.repeat(64) }],
  ])('are not foreseen %s', async (_how, file) => {
    const { step, sameFile } = foreseeChange((await read()).asset, upsertOf('again', 2, file), 'archive');
    expect([step.kind, sameFile]).toEqual(['stage', null]);
  });
});

describe('a file is proven to be the same', () => {
  const sha256 = 'a'.repeat(64);
  it.each([
    ['by its MD5', { md5 }, { md5, size: 3 }, true],
    ['by its SHA-256', { sha256 }, { md5, sha256, size: 3 }, true],
    ['not by its size', { size: 3 }, { md5, size: 3 }, false],
    ['not where one checksum differs', { md5, sha256 }, { md5, sha256: 'b'.repeat(64), size: 3 }, false],
  ])('%s', (_how, wanted, holding, expected) => {
    expect(isProven(wanted, holding)).toBe(expected);
  });
});
