import { beforeEach, describe, expect, it } from 'vitest';
import {
  nothingApplied,
  type AppliedFile,
  type Asset,
  type Lease,
  type StagedFile,
} from '../../lib/asset-state.ts';
import { Assets } from '../../lib/assets.ts';
import { emptyDesiredState, mergeWishes } from '../../lib/desired-state.ts';
import type { EventOrder } from '../../lib/event-order.ts';
import { laid, type Laid } from './arbitrary-events.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const minuteMs = 60_000;

let now = new Date('2026-01-01T00:00:00Z');
let subject = '';
let key = '';
let tests = 0;
let assets: Assets;
beforeEach(() => {
  tests += 1;
  subject = `asset-${tests}`;
  key = `demo:${subject}`;
  now = new Date('2026-01-01T00:00:00Z');
  const { database, tableName } = table();
  assets = new Assets(database, tableName, () => now);
});

const merge = ({ order, wishes }: Laid): Promise<Asset> =>
  assets.merge({ source: 'demo', subject, order }, wishes);
async function stored(): Promise<Asset> {
  const asset = await assets.get(key);
  if (asset === null) throw new Error('The asset is not there.');
  return asset;
}
async function lease(durationMs = 10 * minuteMs): Promise<Lease> {
  const taken = await assets.acquire(key, durationMs);
  if (taken === null) throw new Error('The lease is taken.');
  return taken;
}

const file = { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' };
const upsert = laid('upsert', 1, 'asset.upsert', { file, metadata: { description: null } });
const newer = laid('newer', 2, 'asset.upsert', { file });
const staged = (order: EventOrder, objectKey = 'staged/1'): StagedFile => ({
  order,
  objectKey,
  size: 10,
  md5: 'a'.repeat(32),
});
const appliedFile = (fileId: string): AppliedFile => ({
  fileId,
  order: upsert.order,
  md5: 'a'.repeat(32),
  size: 10,
  state: 'sent',
  since: '2026-01-01T00:00:00.000Z',
});

describe('the state of an asset', () => {
  it('is null before the first event', async () => {
    expect(await assets.get(key)).toBeNull();
    expect(await assets.acquire(key, minuteMs)).toBeNull();
    expect(await assets.get(key)).toBeNull();
  });

  it('is what the events ask for, and nothing of it is applied at first', async () => {
    const merged = await merge(upsert);
    expect(merged).toEqual({
      key,
      source: 'demo',
      subject,
      desired: mergeWishes(emptyDesiredState, upsert.order, upsert.wishes),
      applied: nothingApplied,
    });
    expect(await stored()).toEqual(merged);
  });

  it('stays the same when an event comes again', async () => {
    await merge(upsert);
    const first = await stored();
    expect(await merge(upsert)).toEqual(first);
    expect(await stored()).toEqual(first);
  });

  it('is kept for an event that asks for nothing', async () => {
    await merge({ order: upsert.order, wishes: [] });
    expect((await stored()).desired).toEqual(emptyDesiredState);
  });

  it('is kept for every subject that an event may have', async () => {
    for (const odd of ['文'.repeat(1024), '😀'.repeat(512), 'a#STATE', ' ', 'a:b:c', '__proto__']) {
      subject = odd;
      key = `demo:${odd}`;
      expect(await merge(upsert)).toMatchObject({ key, source: 'demo', subject });
      expect(await stored()).toMatchObject({ key, source: 'demo', subject });
    }
  });

  it('is kept apart for subjects that begin alike, however long', async () => {
    const long = '文'.repeat(1023);
    subject = `${long}a`;
    await merge(upsert);
    expect(await assets.get(`demo:${long}b`)).toBeNull();
  });

  it('keeps what is applied when newer events come', async () => {
    await merge(upsert);
    await assets.record(await lease(), { assetId: '1', fields: { description: null } });
    await assets.recordStaged(key, staged(upsert.order));
    const merged = await merge(newer);
    expect(merged.applied).toEqual({ ...nothingApplied, assetId: '1', fields: { description: null } });
    expect(merged.staged).toEqual(staged(upsert.order));
    expect(await stored()).toMatchObject(merged);
  });

  it('says so while somebody holds the lease who does not know the newest event', async () => {
    await merge(upsert);
    const before = await lease();
    expect(await stored()).not.toHaveProperty('hasUnawareWriter');
    await merge(newer);
    expect(await stored()).toMatchObject({ hasUnawareWriter: true });
    await assets.release(before);
    expect(await stored()).not.toHaveProperty('hasUnawareWriter');
    await lease();
    expect(await stored()).not.toHaveProperty('hasUnawareWriter');
  });

  it('loses no event when thirty come at once', async () => {
    const events = Array.from({ length: 30 }, (_none, index) =>
      laid(`event-${index}`, index, 'asset.metadata', {
        metadata: { name: `Name ${index}` },
        tags: { add: [`tag-${index}`] },
      }),
    );
    const merged = await Promise.all(events.map(merge));
    const { desired } = await stored();
    expect(Object.keys(desired.tagChanges)).toHaveLength(30);
    expect(desired.fields['name']?.value).toBe('Name 29');
    expect(desired.generation).toBe(30);
    expect(new Set(merged.map((asset) => asset.desired.generation)).size).toBe(30);
  });
});

describe('what is applied', () => {
  beforeEach(async () => {
    await merge(upsert);
  });

  it('changes only in the parts that are named, and undefined removes one', async () => {
    const held = await lease();
    const intent = { at: '2026-01-01T00:00:00.000Z', applied: nothingApplied, isFindable: false };
    await assets.record(held, { intent, assetId: '1', lifecycle: 'live', url: 'https://example.com' });
    expect((await stored()).intent).toEqual(intent);
    await assets.record(held, { url: undefined, intent: undefined, lifecycle: 'archived' });
    const asset = await stored();
    expect(asset.applied).toEqual({ ...nothingApplied, assetId: '1', lifecycle: 'archived' });
    expect(asset.intent).toBeUndefined();
  });

  it('keeps values as they are, null and empty ones too', async () => {
    const fields = { description: null, name: '', lockedPages: [{ start: 1, end: 2 }], tags: [], on: false };
    await assets.record(await lease(), { fields });
    expect((await stored()).applied.fields).toStrictEqual(fields);
  });

  it('is forgotten with an asset that is gone, and the note of an intent is left', async () => {
    const held = await lease();
    await assets.record(held, {
      assetId: '1',
      divisionId: '2',
      lifecycle: 'live',
      url: 'https://example.com',
      file: appliedFile('f'),
      usableFile: { fileId: 'f', md5: 'a', size: 1 },
      fields: { name: 'n' },
      tagChanges: { 'name:red': upsert.order },
      refused: { 'fields.name': { order: upsert.order, code: 'TAG_UNKNOWN', message: 'm' } },
    });
    await assets.forgetAsset(held);
    const { applied, intent } = await stored();
    expect(applied).toEqual(nothingApplied);
    expect(intent).toEqual({ at: now.toISOString(), applied: nothingApplied, isFindable: true });
  });
});

describe('staged bytes', () => {
  beforeEach(async () => {
    await merge(upsert);
  });

  it('are noted for the content that is wanted', async () => {
    expect(await assets.recordStaged(key, staged(upsert.order))).toBe(true);
    expect((await stored()).staged).toEqual(staged(upsert.order));
  });

  it('are not noted once newer content has come', async () => {
    await merge(newer);
    expect(await assets.recordStaged(key, staged(upsert.order))).toBe(false);
    expect((await stored()).staged).toBeUndefined();
  });

  it('take the place of those of older content', async () => {
    await assets.recordStaged(key, staged(upsert.order));
    await merge(newer);
    expect(await assets.recordStaged(key, staged(newer.order, 'staged/2'))).toBe(true);
    expect((await stored()).staged?.objectKey).toBe('staged/2');
  });

  it('are noted once: the slower of two that staged the same content is told so', async () => {
    const noted = await Promise.all(
      ['staged/1', 'staged/2'].map((objectKey) => assets.recordStaged(key, staged(upsert.order, objectKey))),
    );
    expect(noted.filter(Boolean)).toHaveLength(1);
  });

  it('may be noted twice by the one that staged them, whose first answer was lost on the way', async () => {
    expect(await assets.recordStaged(key, staged(upsert.order))).toBe(true);
    expect(await assets.recordStaged(key, staged(upsert.order))).toBe(true);
    expect((await stored()).staged).toEqual(staged(upsert.order));
  });

  it('are not noted for an asset that no event has named or whose content was deleted', async () => {
    expect(await assets.recordStaged('demo:unheard-of', staged(upsert.order))).toBe(false);
    expect(await assets.get('demo:unheard-of')).toBeNull();
    await merge(laid('delete', 3, 'asset.delete', {}, 'delete'));
    expect(await assets.recordStaged(key, staged(upsert.order))).toBe(false);
  });

  it('are forgotten only if they are still those', async () => {
    await assets.recordStaged(key, staged(upsert.order, 'staged/1'));
    await assets.forgetStaged(key, staged(upsert.order, 'staged/other'));
    expect((await stored()).staged?.objectKey).toBe('staged/1');
    await assets.forgetStaged(key, staged(upsert.order, 'staged/1'));
    expect((await stored()).staged).toBeUndefined();
    await assets.forgetStaged(key, staged(upsert.order, 'staged/1'));
    expect(await assets.recordStaged(key, staged(upsert.order, 'staged/3'))).toBe(true);
  });
});

const held = ({ fileId, md5, size }: AppliedFile) => ({ fileId, md5, size });

describe('the end of processing', () => {
  const first = appliedFile('first');
  const second = appliedFile('second');
  beforeEach(async () => {
    await merge(upsert);
  });

  it('makes the file the usable one, without a lease', async () => {
    await assets.record(await lease(), { file: first });
    expect(await assets.recordProcessed(key, first, 'usable')).toBe(true);
    expect((await stored()).applied).toMatchObject({
      file: { ...first, state: 'usable' },
      usableFile: held(first),
    });
  });

  it('leaves the usable file as it was when the newer one failed', async () => {
    const taken = await lease();
    await assets.record(taken, { file: first });
    await assets.recordProcessed(key, first, 'usable');
    await assets.record(taken, { file: second });
    expect(await assets.recordProcessed(key, second, 'failed')).toBe(true);
    expect((await stored()).applied).toMatchObject({
      file: { ...second, state: 'failed' },
      usableFile: held(first),
    });
  });

  it('of a file that a newer one has followed changes nothing', async () => {
    await assets.record(await lease(), { file: second });
    expect(await assets.recordProcessed(key, first, 'usable')).toBe(false);
    expect(await assets.recordProcessed(key, first, 'failed')).toBe(false);
    expect((await stored()).applied).toEqual({ ...nothingApplied, file: second });
  });

  it('of a file of no asset changes nothing', async () => {
    expect(await assets.recordProcessed(key, first, 'usable')).toBe(false);
    expect(await assets.recordProcessed('demo:unheard-of', first, 'failed')).toBe(false);
    expect(await assets.get('demo:unheard-of')).toBeNull();
  });
});
