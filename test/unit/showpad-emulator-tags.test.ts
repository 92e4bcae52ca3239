import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, only } from '../showpad-caller.ts';

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
    tagCategories: [{ name: 'seasons', division: 'Marketing', id: 'seasons', tags: ['Spring'] }],
    switches: { tagIndexLagMs: 0 },
  });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

async function list(query: string): Promise<string[]> {
  const { json } = await caller.call('GET', `/tags?${query}`);
  return z
    .object({ items: z.array(z.object({ id: z.string() })) })
    .parse(json)
    .items.map(({ id }) => id);
}

async function create(name: string, divisionId = 'marketing') {
  const { status, json } = await caller.call('POST', '/tags', {
    body: { name, division: { id: divisionId } },
  });
  return { status, id: z.object({ id: z.string().default('') }).parse(json).id };
}

describe('names of tags', () => {
  test.each([
    ['case-sensitive', 409, 201],
    ['case-insensitive', 409, 409],
    ['none', 201, 201],
  ] as const)('with uniqueness %s, the same name gets %i and another case %i', async (rule, same, other) => {
    showpad.switches.tagNameUniqueness = rule;
    expect((await create('Spring')).status).toBe(same);
    expect((await create('spring')).status).toBe(other);
    expect((await create('Spring', 'sales')).status).toBe(201);
  });

  test.each([
    ['case-sensitive', 409, 200],
    ['case-insensitive', 409, 409],
    ['none', 200, 200],
  ] as const)('with uniqueness %s, renaming to the same name gets %i and another case %i', async (...row) => {
    const [rule, same, other] = row;
    showpad.switches.tagNameUniqueness = rule;
    const { id } = await create('Summer');
    const rename = (name: string) => caller.call('POST', `/tags/${id}`, { body: { name } });
    expect((await rename('Summer')).status).toBe(200);
    expect((await rename('Spring')).status).toBe(same);
    expect((await rename('spring')).status).toBe(other);
  });

  test('of twenty creations of one name at once a single one is taken', async () => {
    const statuses = await Promise.all(Array.from({ length: 20 }, () => create('Summer')));
    expect(statuses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(statuses.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  test('where names are not unique, several tags are found by one exact name', async () => {
    showpad.switches.tagNameUniqueness = 'none';
    const { id } = await create('Spring');
    expect(await list('exactName=Spring&divisionIds=marketing')).toEqual(['spring', id]);
  });

  test.each([
    [false, []],
    [true, ['spring']],
  ])('exactName ignores case: %j', async (exactNameIgnoresCase, found) => {
    showpad.switches.exactNameIgnoresCase = exactNameIgnoresCase;
    expect(await list('exactName=sPRING')).toEqual(found);
    expect(await list('exactName=Sprin')).toEqual([]);
  });
});

describe('deleting a tag', () => {
  test('is refused while a filter uses it, and takes it off assets and categories otherwise', async () => {
    const asset = await caller.createAsset({ name: 'a', tags: [{ id: 'spring' }] });
    showpad.switches.tagsUsedInFilters = ['Spring'];
    expect((await caller.call('DELETE', '/tags/spring')).status).toBe(409);
    expect(asset.tags).toEqual([{ id: 'spring' }]);
    showpad.switches.tagsUsedInFilters = [];
    expect((await caller.call('DELETE', '/tags/spring')).status).toBe(204);
    expect(asset.tags).toEqual([]);
    expect(await list('tagCategoryIds=seasons')).toEqual([]);
    expect((await caller.call('DELETE', '/tags/spring')).status).toBe(404);
  });
});

describe('the list of tags', () => {
  test('shows every change at once where nothing lags', async () => {
    const { id } = await create('Summer');
    expect(await list('name=summer')).toEqual([id]);
    await caller.call('DELETE', `/tags/${id}`);
    expect(await list('name=summer')).toEqual([]);
  });

  test('can lag behind creations, renames and deletions, while reading by id does not', async () => {
    showpad.switches.tagIndexLagMs = 5000;
    expect(await list('exactName=Spring')).toEqual(['spring']);
    const { id } = await create('Summer');
    expect((await create('Summer')).status).toBe(409);
    await caller.call('POST', '/tags/spring', { body: { name: 'Autumn' } });
    expect(await list('')).toEqual(['spring']);
    expect(await list('exactName=Spring')).toEqual(['spring']);
    expect((await caller.call('GET', `/tags/${id}`)).status).toBe(200);
    expect((await caller.call('GET', '/tags/spring')).json).toMatchObject({ name: 'Autumn' });
    nowMs += 5000;
    expect(await list('exactName=Summer')).toEqual([id]);
    expect(await list('exactName=Spring')).toEqual([]);
    await caller.call('DELETE', `/tags/${id}`);
    expect(await list('exactName=Summer')).toEqual([id]);
    expect((await caller.call('GET', `/tags/${id}`)).status).toBe(404);
    nowMs += 5000;
    expect(await list('')).toEqual(['spring']);
  });

  test('does not lag behind with assets', async () => {
    showpad.switches.indexLagMs = 5000;
    const { id } = await create('Summer');
    expect(await list('exactName=Summer')).toEqual([id]);
  });
});

test('a seed with a shared tag in a Division that does not share is refused', async () => {
  const tags = [{ name: 'a', division: 'Sales', isDivisionShared: true }];
  await expect(startShowpadEmulator({ tags })).rejects.toThrow('does not share');
  await expect(startShowpadEmulator({ tags: [{ name: 'a', division: 'Legal' }] })).rejects.toThrow('Legal');
});

test('a tag is shown with its categories and whether it is shared', async () => {
  expect((await caller.call('GET', '/tags/spring')).json).toEqual({
    id: 'spring',
    name: 'Spring',
    division: { id: 'marketing' },
    tagCategories: [{ id: 'seasons' }],
    isDivisionShared: false,
    createdAt: '2026-11-23T12:00:00.000Z',
    updatedAt: '2026-11-23T12:00:00.000Z',
  });
  expect(only(showpad.tagCategories).name).toBe('seasons');
});
