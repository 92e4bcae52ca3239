import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
      { name: 'Marketing', id: 'marketing' },
      { name: 'Sales', id: 'sales' },
    ],
    tags: [
      ...['a', 'b', 'c'].map((id) => ({ name: id, id, division: 'Marketing' })),
      { name: 'foreign', id: 'foreign', division: 'Sales' },
    ],
    tagCategories: [
      { name: 'seasons', division: 'Marketing', id: 'seasons', tags: ['a'] },
      { name: 'regions', division: 'Sales', id: 'regions' },
    ],
  });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

const division = { id: 'marketing' };
const references = (...ids: string[]) => ids.map((id) => ({ id }));

const post = (path: string, body: object) => caller.call('POST', `/tag-categories${path}`, { body });

async function create(body: object): Promise<string> {
  const { status, json } = await post('', { division, ...body });
  expect(status).toBe(201);
  return z.object({ id: z.string() }).parse(json).id;
}

const listSchema = z.object({ count: z.number(), items: z.array(z.object({ id: z.string() })) });

async function list(path: string): Promise<string[]> {
  return listSchema.parse((await caller.call('GET', path)).json).items.map(({ id }) => id);
}

const tagsOf = (id: string) => list(`/tags?tagCategoryIds=${id}`);

describe('a tag category', () => {
  test('is created with defaults, and found by id and Division', async () => {
    const id = await create({ name: 'months' });
    expect((await caller.call('GET', `/tag-categories/${id}`)).json).toEqual({
      id,
      name: 'months',
      division,
      isPublished: true,
      parent: null,
      createdAt: '2026-11-23T12:00:00.000Z',
      updatedAt: '2026-11-23T12:00:00.000Z',
    });
    expect(await list('/tag-categories')).toEqual(['seasons', 'regions', id]);
    expect(await list('/tag-categories?divisionIds=marketing&limit=1&offset=1')).toEqual([id]);
    expect(await list('/tag-categories?ids=regions,unknown')).toEqual(['regions']);
  });

  test('is created with tags, inside another', async () => {
    const id = await create({ name: 'months', parent: { id: 'seasons' }, tags: references('a', 'b') });
    expect(await tagsOf(id)).toEqual(['a', 'b']);
    expect(await tagsOf('seasons')).toEqual(['a']);
    expect((await caller.call('GET', '/tags/a')).json).toMatchObject({
      tagCategories: references('seasons', id),
    });
  });

  test('is updated by the fields that are named', async () => {
    const id = await create({ name: 'months', isPublished: false, parent: { id: 'seasons' } });
    nowMs += 1000;
    expect((await post(`/${id}`, { name: 'weeks' })).json).toMatchObject({
      name: 'weeks',
      isPublished: false,
      parent: { id: 'seasons' },
      createdAt: '2026-11-23T12:00:00.000Z',
      updatedAt: '2026-11-23T12:00:01.000Z',
    });
    expect((await post(`/${id}`, { isPublished: true, parent: null })).json).toMatchObject({
      name: 'weeks',
      isPublished: true,
      parent: null,
    });
  });

  test.each<[string, object, string[]]>([
    ['absent leaves them alone', {}, ['a']],
    ['null leaves them alone', { tags: null }, ['a']],
    ['an empty list removes them', { tags: [] }, []],
    ['a list replaces them', { tags: references('b', 'c') }, ['b', 'c']],
  ])('takes tags in an update: %s', async (_, body, expected) => {
    expect((await post('/seasons', body)).status).toBe(200);
    expect(await tagsOf('seasons')).toEqual(expected);
  });

  test.each<[string, object, string[]]>([
    ['nothing', {}, ['a']],
    ['add', { add: references('b') }, ['a', 'b']],
    ['remove', { remove: references('a', 'c') }, []],
    ['clear and add', { clear: true, add: references('c') }, ['c']],
    ['add and remove', { add: references('b'), remove: references('a') }, ['b']],
  ])('takes changes of its tags: %s', async (_, body, expected) => {
    const answer = await post('/seasons/tags', body);
    expect(answer).toMatchObject({ status: 200, json: { id: 'seasons', name: 'seasons' } });
    expect(await tagsOf('seasons')).toEqual(expected);
  });

  test.each([
    ['ignored', 200, ['a', 'b']],
    ['conflict', 409, ['a']],
  ] as const)('adding a tag that it has is %s, as switched', async (rule, status, expected) => {
    showpad.switches.repeatedTagLink = rule;
    expect((await post('/seasons/tags', { add: references('a', 'b') })).status).toBe(status);
    expect(await tagsOf('seasons')).toEqual(expected);
  });

  test('is deleted without its tags, and what was inside moves to the root', async () => {
    const id = await create({ name: 'months', parent: { id: 'seasons' } });
    expect((await caller.call('DELETE', '/tag-categories/seasons')).status).toBe(204);
    expect((await caller.call('GET', '/tag-categories/seasons')).status).toBe(404);
    expect((await caller.call('GET', `/tag-categories/${id}`)).json).toMatchObject({ parent: null });
    expect((await caller.call('GET', '/tags/a')).json).toMatchObject({ tagCategories: [] });
  });

  test.each([
    ['case-sensitive', 409, 201],
    ['case-insensitive', 409, 409],
    ['none', 201, 201],
  ] as const)('with uniqueness %s, the same name gets %i and another case %i', async (rule, same, other) => {
    showpad.switches.tagNameUniqueness = rule;
    expect((await post('', { name: 'seasons', division })).status).toBe(same);
    expect((await post('', { name: 'SEASONS', division })).status).toBe(other);
    expect((await post('', { name: 'seasons', division: { id: 'sales' } })).status).toBe(201);
    expect((await post('/seasons', { name: 'seasons' })).status).toBe(200);
  });
});

describe('a tag category is refused', () => {
  test.each<[string, string, object, string]>([
    ['without a name', '', { division }, 'name'],
    ['with an unknown Division', '', { name: 'n', division: { id: 'x' } }, 'division.id'],
    ['with an unknown field', '', { name: 'n', division, colour: 'red' }, 'colour'],
    ['with an unknown parent', '', { name: 'n', division, parent: { id: 'x' } }, 'parent.id'],
    [
      'with a parent of another Division',
      '',
      { name: 'n', division, parent: { id: 'regions' } },
      'parent.id',
    ],
    ['with an unknown tag', '', { name: 'n', division, tags: references('a', 'x') }, 'tags.1.id'],
    ['with a tag of another Division', '', { name: 'n', division, tags: references('foreign') }, 'tags.0.id'],
    ['inside itself', '/seasons', { parent: { id: 'seasons' } }, 'parent.id'],
    ['with another Division', '/seasons', { division }, 'division'],
    ['when it removes an unknown tag', '/seasons/tags', { remove: references('x') }, 'remove.0.id'],
    ['when clear is no boolean', '/seasons/tags', { clear: 'yes' }, 'clear'],
  ])('%s', async (_, path, body, name) => {
    expect(await post(path, body)).toMatchObject({ status: 400, json: { meta: [{ name }] } });
    expect(showpad.tagCategories).toHaveLength(2);
    expect(await tagsOf('seasons')).toEqual(['a']);
  });

  test('inside what is inside it', async () => {
    const id = await create({ name: 'months', parent: { id: 'seasons' } });
    expect((await post('/seasons', { parent: { id } })).status).toBe(400);
  });
});
