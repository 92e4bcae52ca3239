import { describe, expect, it } from 'vitest';
import { deleteTag, getTag, listTags, updateTag } from '../../lib/showpad/tags.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const tag = { id: 't1', name: 'Spring', division: { id: 'd1' }, tagCategories: [{ id: 'c1' }] };

/** A Showpad that answers everything with `body`, or with 204 when there is none. */
async function answering(status: number, body?: unknown) {
  const server = await startServer((response) =>
    body === undefined ? response.writeHead(status).end() : json(response, status, body),
  );
  return { client: clientOf(server.url), requests: server.requests };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('tags', () => {
  it('are listed with their categories', async () => {
    const { client, requests } = await answering(200, {
      count: 1,
      items: [{ ...tag, isDivisionShared: true }],
    });
    expect(await all(listTags(client))).toEqual([tag]);
    expect(requests[0]?.url).toBe('/v4/tags?limit=100&offset=0');
  });

  it('are listed by filters, each tag category with a key of its own and other ids joined', async () => {
    const { client, requests } = await answering(200, { count: 0, items: [] });
    const filters = { ids: ['t1', 't2'], divisionIds: ['d1', 'd2'], name: 'Spr', exactName: 'Spring & Co' };
    await all(listTags(client, { ...filters, tagCategoryIds: ['c1', 'c 2'] }));
    expect(requests[0]?.url).toBe(
      '/v4/tags?ids=t1,t2&divisionIds=d1,d2&name=Spr&exactName=Spring%20%26%20Co' +
        '&tagCategoryIds=c1&tagCategoryIds=c%202&limit=100&offset=0',
    );
  });

  it('are read one by one, also by a Showpad that says little about them', async () => {
    const { client, requests } = await answering(200, { id: 't1', name: 'Spring', tagCategories: null });
    expect(await getTag(client, 't1')).toEqual({ id: 't1', name: 'Spring', tagCategories: null });
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/v4/tags/t1' });
  });

  it('get a new name, and nothing else is sent', async () => {
    const { client, requests } = await answering(200, { ...tag, name: 'Summer' });
    expect(await updateTag(client, 't1', { name: 'Summer' })).toMatchObject({ id: 't1', name: 'Summer' });
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/v4/tags/t1', body: '{"name":"Summer"}' });
  });

  it('are deleted', async () => {
    const { client, requests } = await answering(204);
    expect(await deleteTag(client, 't1')).toBeUndefined();
    expect(requests[0]).toMatchObject({ method: 'DELETE', url: '/v4/tags/t1', body: '' });
  });

  it('that a filter uses stay, which is an answer and not tried again', async () => {
    const problem = { title: 'Conflict', detail: 'The tag is used in a filter.', status: 409 };
    const { client, requests } = await answering(409, problem);
    const error = await failureOf(deleteTag(client, 't1'));
    expect(error).toMatchObject({ status: 409, retryable: false, outcomeUnknown: false });
    expect(requests).toHaveLength(1);
  });

  it('that may or may not have been renamed are not renamed again behind the caller', async () => {
    const { client, requests } = await answering(503, {});
    expect(await failureOf(updateTag(client, 't1', { name: 'x' }))).toMatchObject({ outcomeUnknown: true });
    expect(requests).toHaveLength(1);
  });
});
