import { beforeEach, describe, expect, it } from 'vitest';
import { nothingApplied, type Asset, type Lease } from '../../lib/asset-state.ts';
import { Assets } from '../../lib/assets.ts';
import { currentWork } from '../../lib/current-work.ts';
import { LeaseLostError } from '../../lib/leases.ts';
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
const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};
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

describe('the lease of an asset', () => {
  beforeEach(async () => {
    await merge(upsert);
  });

  it('has one holder, however many ask at once', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => assets.acquire(key, minuteMs)));
    expect(asked.filter((answer) => answer !== null)).toHaveLength(1);
  });

  it('is its taker’s also when the first answer was lost and the SDK has asked again', async () => {
    const { middlewareStack } = table().database;
    middlewareStack.add(
      (next) => async (request) => {
        await next(request);
        return next(request);
      },
      { step: 'initialize', name: 'ask-twice' },
    );
    const held = await lease().finally(() => middlewareStack.remove('ask-twice'));
    expect(await assets.acquire(key, minuteMs)).toBeNull();
    await assets.record(held, { assetId: '1' });
    expect((await stored()).applied.assetId).toBe('1');
    await assets.release(held);
    expect(await assets.acquire(key, minuteMs)).not.toBeNull();
  });

  it('is free again once it is given back, with a higher fence', async () => {
    const first = await lease();
    await assets.release(first);
    const second = await lease();
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  it('of one asset is none of another', async () => {
    await lease();
    const other = `${subject}-other`;
    await assets.merge({ source: 'demo', subject: other, order: upsert.order }, upsert.wishes);
    expect(await assets.acquire(`demo:${other}`, minuteMs)).not.toBeNull();
  });

  it('ends after its time and the minute that clocks may differ, and not before', async () => {
    const first = await lease(10 * minuteMs);
    later(11 * minuteMs);
    expect(await assets.acquire(key, minuteMs)).toBeNull();
    later(1);
    const second = await lease();
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  it('lets its holder write as long as it lasts', async () => {
    const held = await lease(10 * minuteMs);
    later(11 * minuteMs - 1);
    await assets.record(held, { assetId: '1' });
    expect((await stored()).applied.assetId).toBe('1');
  });

  it('lets nobody write once it has run out, even if nobody else has taken it', async () => {
    const held = await lease(10 * minuteMs);
    later(11 * minuteMs);
    await expect(assets.record(held, { assetId: '1' })).rejects.toBeInstanceOf(LeaseLostError);
    expect((await stored()).applied).toEqual(nothingApplied);
  });

  it('lets nobody write who has given it back', async () => {
    const held = await lease();
    await assets.release(held);
    await expect(assets.record(held, { assetId: '1' })).rejects.toBeInstanceOf(LeaseLostError);
  });

  it('cannot be written under, or given back, by a holder from whom it was taken over', async () => {
    const stale = await lease(minuteMs);
    later(3 * minuteMs);
    const current = await lease();

    await expect(assets.record(stale, { assetId: 'stale' })).rejects.toBeInstanceOf(LeaseLostError);
    await expect(assets.forgetAsset(stale)).rejects.toBeInstanceOf(LeaseLostError);
    await assets.release(stale);

    expect(await assets.acquire(key, minuteMs)).toBeNull();
    await assets.record(current, { assetId: 'current' });
    expect((await stored()).applied.assetId).toBe('current');
  });

  it('does not hinder events', async () => {
    const held = await lease();
    await merge(newer);
    await assets.record(held, { assetId: '1' });
    expect(await stored()).toMatchObject({
      applied: { assetId: '1' },
      desired: { content: { order: newer.order } },
    });
  });
});

describe('a story under the lease', () => {
  beforeEach(async () => {
    await merge(upsert);
  });

  it('sees the state as it is then, and gives the lease back', async () => {
    await assets.record(await lease(minuteMs), { assetId: '1' });
    later(5 * minuteMs);
    const told = await assets.underLease(key, minuteMs, async (held, asset) => {
      expect(await assets.acquire(key, minuteMs)).toBeNull();
      await assets.record(held, { url: 'https://example.com' });
      return asset.applied.assetId;
    });
    expect(told).toBe('1');
    expect(await assets.acquire(key, minuteMs)).not.toBeNull();
  });

  it('is not told while another holds the lease', async () => {
    await lease();
    const told = await assets.underLease(key, minuteMs, () => Promise.reject(new Error('It was told.')));
    expect(told).toBeNull();
  });

  it('gives the lease back when it fails, with its own error', async () => {
    const story = assets.underLease(key, minuteMs, () => Promise.reject(new Error('It went wrong.')));
    await expect(story).rejects.toThrow('It went wrong.');
    expect(await assets.acquire(key, minuteMs)).not.toBeNull();
  });

  it('is told by one at a time: a hundred that ask leave as many writes as were told', async () => {
    const counted = await Promise.all(
      Array.from({ length: 100 }, () =>
        assets.underLease(key, minuteMs, async (held, { applied }) => {
          const count = Number(applied.fields['count'] ?? 0) + 1;
          await assets.record(held, { fields: { count } });
          return count;
        }),
      ),
    );
    const told = counted.filter((count) => count !== null);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
    expect((await stored()).applied.fields['count']).toBe(told.length);
  });

  it('gives the lease back with its last note, and may write nothing afterwards', async () => {
    await assets.underLease(key, minuteMs, async (held) => {
      await assets.recordLast(held, { assetId: '1' });
      expect(await assets.acquire(key, 10 * minuteMs)).not.toBeNull();
      expect(currentWork().assertMayWrite).toThrow(LeaseLostError);
      await expect(assets.record(held, { assetId: '2' })).rejects.toBeInstanceOf(LeaseLostError);
    });
    // The lease that another has taken since is left alone.
    expect(await assets.acquire(key, minuteMs)).toBeNull();
    expect((await stored()).applied.assetId).toBe('1');
  });

  it('writes what it was told to note soon with the next note, or at its end, however it ends', async () => {
    await assets.underLease(key, minuteMs, async (held) => {
      assets.recordSoon(held, { assetId: '1', intent: undefined });
      expect((await stored()).applied.assetId).toBeUndefined();
      await assets.record(held, { url: 'https://example.com' });
      expect((await stored()).applied).toMatchObject({ assetId: '1', url: 'https://example.com' });
    });
    const story = assets.underLease(key, minuteMs, (held) => {
      assets.recordSoon(held, { assetId: '2' });
      return Promise.reject(new Error('It went wrong.'));
    });
    await expect(story).rejects.toThrow('It went wrong.');
    expect((await stored()).applied.assetId).toBe('2');
    expect(await assets.acquire(key, minuteMs)).not.toBeNull();
  });
});
