import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller } from '../showpad-caller.ts';

let nowMs: number;
let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({
    now: () => nowMs,
    divisions: [
      { name: 'Marketing', id: 'marketing', isAssetSharingEnabled: true },
      { name: 'Sales', id: 'sales' },
    ],
    tags: [{ name: 'Spring', division: 'Marketing', id: 'spring' }],
  });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

const pageSchema = z.object({
  count: z.number(),
  items: z.array(z.object({ id: z.string(), name: z.string() })),
  next: z.string().nullable(),
});

const ask = (body: object) => caller.call('POST', '/assets/query', { body });

async function page(body: object) {
  const { status, json } = await ask(body);
  expect(status).toBe(200);
  const { count, items, next } = pageSchema.parse(json);
  return { count, names: items.map(({ name }) => name), next };
}

async function found(query: string): Promise<string[]> {
  return (await page({ query, limit: 100 })).names.toSorted();
}

function createMany(...names: string[]): Promise<EmulatedAsset[]> {
  return Promise.all(names.map((name) => caller.createAsset({ name })));
}

describe('the order of results', () => {
  beforeEach(async () => {
    const [, second, third] = await createMany('b', 'c', 'a');
    Object.assign(second ?? {}, { expiresAt: '2027-01-01T00:00:00.000Z', views: 10 });
    Object.assign(third ?? {}, { expiresAt: '2028-01-01T00:00:00.000Z', views: 9 });
  });

  test.each<[string, string[]]>([
    ['name', ['a', 'b', 'c']],
    ['name ASC', ['a', 'b', 'c']],
    ['name DESC', ['c', 'b', 'a']],
    ['views DESC', ['c', 'a', 'b']],
    ['expiresAt', ['c', 'a', 'b']],
    ['expiresAt DESC', ['a', 'c', 'b']],
  ])('follows ORDER BY %s, with those without a value last', async (order, names) => {
    expect((await page({ query: `views > -1 ORDER BY ${order}` })).names).toEqual(names);
  });
});

describe('the pages of results', () => {
  const query = 'views = 0 ORDER BY name';
  const names = Array.from({ length: 25 }, (_, index) => `asset ${String(index + 10)}`);

  beforeEach(async () => {
    await createMany(...names);
  });

  test('hold 20 assets unless a limit says otherwise', async () => {
    expect(await page({ query })).toMatchObject({ count: 25, names: names.slice(0, 20) });
    expect(await page({ query, limit: 0 })).toMatchObject({ count: 25, names: [] });
    expect((await page({ query, limit: 100 })).names).toHaveLength(25);
  });

  test('are reached by offset, and are empty past the end', async () => {
    expect(await page({ query, offset: 20, limit: 10 })).toEqual({
      count: 25,
      names: names.slice(20),
      next: null,
    });
    expect(await page({ query, offset: 5000 })).toEqual({ count: 25, names: [], next: null });
  });

  test.each([
    [9990, 10, 200],
    [9991, 10, 400],
    [10_000, 0, 200],
    [99_999, 1, 400],
  ])('by offset %i and limit %i answer %i: a cursor goes past 10,000', async (offset, limit, status) => {
    expect((await ask({ query, offset, limit })).status).toBe(status);
  });

  test.each([
    [null, [10, 10, 5]],
    [7, [7, 7, 7, 4]],
  ])('are reached by cursor, each once; with at most %j assets a page', async (queryPageMaximum, sizes) => {
    showpad.switches.queryPageMaximum = queryPageMaximum;
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const {
        count,
        names: on,
        next,
      } = await page({ query, limit: 10, ...(cursor === null ? {} : { cursor }) });
      expect(count).toBe(25);
      pages.push(on);
      cursor = next;
    } while (cursor !== null);
    expect(pages.map(({ length }) => length)).toEqual(sizes);
    expect(pages.flat()).toEqual(names);
  });

  test('by cursor skip and repeat nothing when assets come and go meanwhile', async () => {
    const { next } = await page({ query, limit: 10 });
    const gone = showpad.assets.find(({ name }) => name === names[0]);
    await caller.call('DELETE', `/assets/${gone?.id ?? ''}`);
    await caller.createAsset({ name: 'asset 00' });
    expect((await page({ query, limit: 10, cursor: next })).names).toEqual(names.slice(10, 20));
  });

  test('by cursor also hold those that are alike in the order', async () => {
    const alike = { query: 'views = 0 ORDER BY views DESC', limit: 20 };
    const first = await page(alike);
    const second = await page({ ...alike, cursor: first.next });
    expect([...first.names, ...second.names].toSorted()).toEqual(names);
    expect(second.next).toBeNull();
  });

  test.each<[string, object, string]>([
    ['an offset with a cursor', { query, offset: 0, cursor: 'x' }, 'offset'],
    ['a cursor that is none', { query, cursor: 'bm90aGluZ3Rvc2Vl' }, 'cursor'],
    ['a limit over 100', { query, limit: 101 }, 'limit'],
    ['an offset over 99,999', { query, offset: 100_000 }, 'offset'],
    ['a query over 20,000 characters', { query: ' '.repeat(20_001) }, 'query'],
    ['no query', {}, 'query'],
    ['an unknown field', { query, sort: 'name' }, 'sort'],
  ])('are refused for %s', async (_, body, name) => {
    expect(await ask(body)).toMatchObject({ status: 400, json: { meta: [{ name }] } });
  });

  test('are refused for a cursor of another query, or that has become stale', async () => {
    const { next: cursor } = await page({ query, limit: 10 });
    const other = await ask({ query: 'views = 0 ORDER BY name DESC', limit: 10, cursor });
    expect(other).toMatchObject({ status: 400, json: { meta: [{ name: 'cursor' }] } });
    expect((await ask({ query, cursor })).status).toBe(200);
    showpad.switches.staleCursors = true;
    expect((await ask({ query, cursor })).status).toBe(400);
    expect((await ask({ query })).status).toBe(200);
  });
});

describe('what a query searches', () => {
  test('includes archived assets whatever GET /assets does', async () => {
    await caller.createAsset({ name: 'a', isArchived: true });
    showpad.switches.archivedInLists = false;
    expect(await found('views = 0')).toEqual(['a']);
    expect(await found('views = 0 AND archivedAt IS EMPTY')).toEqual([]);
  });

  test('can leave out assets that never had a binary', async () => {
    await createMany('a');
    expect(await found('views = 0')).toEqual(['a']);
    showpad.switches.preparedInLists = false;
    expect(await found('views = 0')).toEqual([]);
  });

  test('knows every change at once where nothing lags', async () => {
    const asset = await caller.createAsset({ name: 'a', isArchived: true });
    await caller.call('POST', `/assets/${asset.id}`, { body: { name: 'b', isArchived: false } });
    expect(await found('archivedAt IS EMPTY')).toEqual(['b']);
    await caller.call('DELETE', `/assets/${asset.id}`);
    expect(await found('views = 0')).toEqual([]);
  });

  test('can lag behind creations, changes and deletions', async () => {
    showpad.switches.indexLagMs = 5000;
    const asset = await caller.createAsset({ name: 'a', tags: [{ id: 'spring' }] });
    expect(await found('views = 0')).toEqual([]);
    nowMs += 5000;
    expect(await found('views = 0')).toEqual(['a']);
    await caller.call('POST', `/assets/${asset.id}`, { body: { name: 'b' } });
    nowMs += 2500;
    await caller.call('DELETE', '/tags/spring');
    expect(await found('tags ~ "spring"')).toEqual(['a']);
    nowMs += 2500;
    expect(await found('tags ~ "spring"')).toEqual(['b']);
    nowMs += 2500;
    expect(await found('tags IS EMPTY')).toEqual(['b']);
    await caller.call('DELETE', `/assets/${asset.id}`);
    expect(await found('views = 0')).toEqual(['b']);
    nowMs += 5000;
    expect(await found('views = 0')).toEqual([]);
  });
});
