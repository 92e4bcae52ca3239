import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Assets } from '../../lib/assets.ts';
import { Items } from '../../lib/items.ts';
import { jobId, Jobs, type JobState } from '../../lib/jobs.ts';
import { PersonalUploads } from '../../lib/personal-uploads.ts';
import { jobError } from '../../lib/reasons.ts';
import { laid } from './arbitrary-events.ts';
import { useEmbeddedTable } from './embedded-table.ts';

// The first answer to every request is lost on its way, and the SDK asks again.
const table = useEmbeddedTable();
const mark = 'ask-twice';
let tests = 0;
let id = '';
beforeEach(() => {
  tests += 1;
  id = jobId('lost-answers', String(tests));
  table().database.middlewareStack.add(
    (next) => async (request) => {
      await next(request).catch(() => undefined);
      return next(request);
    },
    { step: 'initialize', name: mark },
  );
});
afterEach(() => {
  table().database.middlewareStack.remove(mark);
});
const jobs = () => new Jobs(table().database, table().tableName);
const create = (state: JobState = 'received', from = jobs()) =>
  from.create({
    id,
    eventId: String(tests),
    source: 'lost-answers',
    subject: 's',
    key: 'lost-answers:s',
    type: 'asset.upsert',
    state,
    order: laid('a', 1, 'asset.archive', {}).order,
    wishes: ['content'],
    defaults: {},
    error: null,
    showpad: {},
  });

describe('a job whose write was answered only the second time', () => {
  it('was created by whoever created it, and by nobody else', async () => {
    expect(await create()).toMatchObject({ id, state: 'received' });
    expect(await create()).toBeNull();
  });

  it.each(['done', 'failed', 'superseded'] as const)('was %s by whoever ended it', async (end) => {
    await create();
    const error = end === 'failed' ? { error: jobError('FILE_EMPTY', 'It is empty.') } : {};
    expect(await jobs().end({ id }, end, error)).toBe(true);
    expect(await jobs().end({ id }, end, error)).toBe(false);
    expect(await jobs().advance(id, 'uploading')).toBe(false);
    expect(await jobs().get(id)).toMatchObject({ state: end });
  });

  it('was brought back by whoever brought it back', async () => {
    await create();
    await jobs().end({ id }, 'failed');
    expect(await jobs().advance(id, 'received')).toBe(true);
    expect(await jobs().advance(id, 'received')).toBe(false);
  });

  it('is not taken back by a repetition that comes after somebody else has gone on', async () => {
    const { middlewareStack } = table().database;
    middlewareStack.remove(mark);
    let repeat: () => Promise<unknown> = () => Promise.reject(new Error('Nothing was sent.'));
    middlewareStack.add(
      (next) => (request) => {
        repeat = () => next(request);
        return next(request);
      },
      { step: 'initialize', name: mark },
    );
    await create();
    const late = repeat;
    await jobs().advance(id, 'staging');
    await expect(late()).rejects.toThrow(/conditional/);
    expect(await jobs().get(id)).toMatchObject({ state: 'staging' });
  });
});

describe('an item whose write was answered only the second time', () => {
  const only = { condition: '#count = :one', names: { '#count': 'count' }, values: { ':one': 1 } };

  it('was written by whoever wrote it', async () => {
    const items = new Items(table().database, table().tableName, 60, () => new Date());
    const key = { pk: `ITEM#${id}`, sk: 'ITEM' };
    expect(await items.change(key, { count: 2 }, only)).toBe(false);
    expect(await items.create(key, { count: 1 })).toBe(true);
    expect(await items.create(key, { count: 3 })).toBe(false);
    expect(await items.change(key, { count: 2, more: undefined }, only)).toBe(true);
    expect(await items.change(key, { count: 3 }, only)).toBe(false);
    expect(await items.put(key, { count: 1 }, { ...only, values: { ':one': 2 } })).toBe(true);
    expect(await items.put(key, { count: 3 }, { ...only, values: { ':one': 2 } })).toBe(false);
    expect(await items.read(key)).toEqual({ count: 1 });
  });

  it('gives a ticket to one poller', async () => {
    const uploads = new PersonalUploads(table().database, table().tableName);
    const longAgo = new Date(0);
    expect(await uploads.claimPoll(id, longAgo)).toBe(true);
    expect(await uploads.claimPoll(id, longAgo)).toBe(false);
  });
});

it('the wishes of an event are laid once when the first answer was lost', async () => {
  const assets = new Assets(table().database, table().tableName);
  const { order, wishes } = laid('a', 1, 'asset.metadata', { metadata: { name: 'First' } });
  const newer = laid('b', 2, 'asset.metadata', { metadata: { name: 'Second' } });
  const event = { source: 'lost-answers', subject: String(tests) };
  expect((await assets.merge({ ...event, order }, wishes)).desired.generation).toBe(1);
  const merged = await assets.merge({ ...event, order: newer.order }, newer.wishes);
  expect(merged.desired).toMatchObject({ generation: 2, fields: { name: { value: 'Second' } } });
});

it('gives a lease back once with the last note under it', async () => {
  const assets = new Assets(table().database, table().tableName);
  const { order, wishes } = laid('a', 1, 'asset.metadata', { metadata: { name: 'First' } });
  const { key } = await assets.merge({ source: 'lost-answers', subject: String(tests), order }, wishes);
  await assets.underLease(key, 60_000, (lease) => assets.recordLast(lease, { assetId: '1' }));
  expect(await assets.get(key)).toMatchObject({ applied: { assetId: '1' } });
  expect(await assets.acquire(key, 60_000)).not.toBeNull();
});
