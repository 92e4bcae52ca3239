import { describe, expect, it } from 'vitest';
import {
  addToTagCategory,
  createTagCategory,
  findTagCategories,
  getTagCategory,
  listTagCategories,
  removeFromTagCategory,
} from '../../lib/showpad/tag-categories.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const category = { id: 'c1', name: 'Season', division: { id: 'd1' }, isPublished: true, parent: null };

async function answering(status: number, body: unknown) {
  const server = await startServer((response) => json(response, status, body));
  return { client: clientOf(server.url), requests: server.requests };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('tag categories', () => {
  it('are listed by filters', async () => {
    const { client, requests } = await answering(200, { count: 1, items: [{ ...category, createdAt: 'x' }] });
    expect(await all(listTagCategories(client, { ids: ['c1', 'c2'], divisionIds: ['d1'] }))).toEqual([
      category,
    ]);
    expect(requests[0]?.url).toBe('/v4/tag-categories?ids=c1,c2&divisionIds=d1&limit=100&offset=0');
  });

  it('are found by name within a Division on every page, the very same name first', async () => {
    const other = (change: object) => ({ ...category, id: 'cx', ...change });
    const items = [
      other({ name: 'Seasons' }),
      other({ id: 'c2', name: 'SEASON' }),
      other({ division: { id: 'd2' } }),
      category,
      other({ id: 'c3', parent: { id: 'c9' } }),
    ];
    const server = await startServer((response, { url }) => {
      const offset = Number(new URL(url, 'http://localhost').searchParams.get('offset'));
      json(response, 200, { count: items.length, items: items.slice(offset, offset + 2) });
    });
    const found = await findTagCategories(clientOf(server.url), { exactName: 'Season', divisionId: 'd1' });
    expect(found.map(({ id }) => id)).toEqual(['c1', 'c3', 'c2']);
    expect(server.requests).toHaveLength(3);
    expect(server.requests[0]?.url).toBe('/v4/tag-categories?divisionIds=d1&limit=100&offset=0');
  });

  it('are read one by one', async () => {
    const { client, requests } = await answering(200, { ...category, parent: { id: 'c9' } });
    expect(await getTagCategory(client, 'c1')).toMatchObject({ id: 'c1', parent: { id: 'c9' } });
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/v4/tag-categories/c1' });
  });

  it('are created with what is named, and no defaults', async () => {
    const { client, requests } = await answering(201, category);
    expect(await createTagCategory(client, { name: 'Season', divisionId: 'd1' })).toEqual(category);
    await createTagCategory(client, {
      name: 'Season',
      divisionId: 'd1',
      parentId: 'c9',
      isPublished: false,
      tagIds: ['t1', 't2'],
    });
    expect(requests.map(({ method, url, body }) => [method, url, JSON.parse(body) as unknown])).toEqual([
      ['POST', '/v4/tag-categories', { name: 'Season', division: { id: 'd1' } }],
      [
        'POST',
        '/v4/tag-categories',
        {
          name: 'Season',
          division: { id: 'd1' },
          parent: { id: 'c9' },
          isPublished: false,
          tags: [{ id: 't1' }, { id: 't2' }],
        },
      ],
    ]);
  });

  it('that exist already are a conflict for the caller to look into', async () => {
    const { client } = await answering(409, { title: 'Conflict', detail: 'It exists.', status: '409' });
    const error = await failureOf(createTagCategory(client, { name: 'Season', divisionId: 'd1' }));
    expect(error).toMatchObject({ status: 409, retryable: false, outcomeUnknown: false });
  });

  it('take tags in and let tags go, and clear nothing', async () => {
    const { client, requests } = await answering(200, category);
    await addToTagCategory(client, 'c1', ['t1', 't2']);
    await removeFromTagCategory(client, 'c1', ['t3']);
    expect(requests.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v4/tag-categories/c1/tags', '{"add":[{"id":"t1"},{"id":"t2"}]}'],
      ['POST', '/v4/tag-categories/c1/tags', '{"remove":[{"id":"t3"}]}'],
    ]);
  });
});
