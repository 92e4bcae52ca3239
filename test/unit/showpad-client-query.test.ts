import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { queryAssetPage, queryAssets, readQueryFault } from '../../lib/showpad/query.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const query = 'archivedAt IS EMPTY ORDER BY createdAt DESC';
const bodySchema = z.strictObject({
  query: z.string(),
  limit: z.number().min(1).max(100),
  offset: z.number().optional(),
  cursor: z.string().optional(),
});
type Body = z.infer<typeof bodySchema>;
interface Page {
  readonly count?: number;
  readonly items: readonly object[];
  readonly next?: string | null;
}

const assets = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: `a${String(from + index)}` }));

/** A Showpad whose results are what `pageOf` says; a request past the last page of the test answers 500. */
async function showpad(pageOf: (body: Body, index: number) => Page | undefined) {
  const bodies: Body[] = [];
  const server = await startServer((response, received, index) => {
    const body = bodySchema.parse(JSON.parse(received.body));
    bodies.push(body);
    const page = pageOf(body, index);
    json(response, page === undefined ? 500 : 200, page && { count: 5, ...page });
  });
  const client = clientOf(server.url);
  const idsOf = async (pageSize?: number) => {
    const ids = [];
    for await (const { id } of queryAssets(client, query, pageSize === undefined ? {} : { pageSize }))
      ids.push(id);
    return ids;
  };
  return { client, bodies, requests: server.requests, idsOf };
}

describe('a ShowQL query', () => {
  it('is paged by cursor from the first page on, with the same query, until there is no next page', async () => {
    const pages = [
      { items: assets(0, 2), next: 'one' },
      { items: assets(2, 3), next: 'two' },
      { items: assets(3, 5), next: null },
    ];
    const { requests, bodies, idsOf } = await showpad((_body, index) => pages[index]);
    expect(await idsOf(2)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/v4/assets/query' });
    expect(bodies).toEqual([
      { query, limit: 2 },
      { query, limit: 2, cursor: 'one' },
      { query, limit: 2, cursor: 'two' },
    ]);
  });

  it('asks for no page before its items are wanted', async () => {
    const { client, requests } = await showpad(() => ({ items: assets(0, 2), next: 'one' }));
    for await (const { id } of queryAssets(client, query)) {
      if (id === 'a1') break;
    }
    expect(requests).toHaveLength(1);
  });

  it('goes on behind an empty page that is not the last, and when results vanish meanwhile', async () => {
    const pages = [
      { items: assets(0, 3), next: 'one' },
      { items: [], next: 'two' },
      { items: assets(3, 4), next: 'three', count: 1 },
      { items: assets(4, 5), next: null, count: 1 },
    ];
    const { idsOf } = await showpad((_body, index) => pages[index]);
    expect(await idsOf()).toHaveLength(5);
  });

  it.each<[string, (index: number) => Page]>([
    [
      'leads to empty pages behind the last',
      (index) => ({ items: index ? [] : assets(0, 5), next: `n${index}` }),
    ],
    ['leads to itself and to nothing', () => ({ items: [], next: 'same' })],
    ['is ignored by Showpad', () => ({ items: assets(0, 5), next: 'same' })],
  ])('comes to an end when the cursor %s', async (_name, pageOf) => {
    const { requests, idsOf } = await showpad((_body, index) => pageOf(index));
    await idsOf();
    expect(requests).toHaveLength(2);
  });

  it('is paged by offset where Showpad gives no cursor', async () => {
    const { bodies, idsOf } = await showpad(({ offset = 0 }) => ({
      items: assets(offset, Math.min(offset + 2, 5)),
    }));
    expect(await idsOf(2)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(bodies.map(({ offset }) => offset)).toEqual([undefined, 2, 4]);
  });

  it('never asks for more than 10,000 results by offset, and says so when there are more', async () => {
    const { bodies, idsOf } = await showpad(({ offset = 0, limit }) => ({
      count: 10_001,
      items: assets(offset, Math.min(offset + limit, offset + 99)),
      next: null,
    }));
    const error = await failureOf(idsOf());
    expect(error).toMatchObject({ kind: 'protocol', retryable: false, outcomeUnknown: false });
    expect(error.message).toContain('There are 10001, without a cursor');
    expect(bodies).toHaveLength(102);
    expect(bodies.at(-1)).toEqual({ query, offset: 9999, limit: 1 });
  });

  it('can be read page by page, at an offset or a cursor', async () => {
    const { client, bodies } = await showpad(() => ({ items: assets(0, 1), next: 'one' }));
    expect(await queryAssetPage(client, query, { limit: 1, offset: 20 })).toMatchObject({
      count: 5,
      items: [{ id: 'a0' }],
      next: 'one',
    });
    await queryAssetPage(client, query, { cursor: 'one' });
    expect(bodies).toEqual([
      { query, limit: 1, offset: 20 },
      { query, limit: 100, cursor: 'one' },
    ]);
  });

  it('is asked again when Showpad is out of order, for it changes nothing', async () => {
    const { requests, idsOf } = await showpad((_body, index) =>
      index === 0 ? undefined : { items: assets(0, 5), next: null },
    );
    expect(await idsOf()).toHaveLength(5);
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['is empty', ' ', {}],
    ['is too long', 'x'.repeat(20_001), {}],
    ['asks for an empty page', query, { limit: 0 }],
    ['asks for too large a page', query, { limit: 101 }],
    ['asks for a part of an asset', query, { limit: 1.5 }],
  ])('that %s is not sent', async (_name, text, options) => {
    const { client, requests } = await showpad(() => ({ items: [] }));
    await expect(queryAssetPage(client, text, options)).rejects.toThrow(RangeError);
    expect(requests).toHaveLength(0);
  });
});

describe('a query that Showpad does not understand', () => {
  const problem = { name: 'query', reason: 'Syntax error at character 50', category: 'ParseError' };
  const refused = async (meta: unknown, status: unknown = 400) => {
    const server = await startServer((response) =>
      json(response, 400, { title: 'Bad Request', detail: 'The ShowQL query is invalid', status, meta }),
    );
    const error = await failureOf(queryAssetPage(clientOf(server.url), query));
    return { error, requests: server.requests };
  };

  it.each([
    ['an object and a status in text, as in the published example', problem, '400'],
    ['a list', [problem], 400],
  ])('is told by its position from %s', async (_name, meta, status) => {
    const { error, requests } = await refused(meta, status);
    expect(error).toMatchObject({ status: 400, retryable: false });
    expect(readQueryFault(error)).toEqual({ reason: 'Syntax error at character 50', position: 50 });
    expect(requests).toHaveLength(1);
  });

  it('is told from other bad requests', async () => {
    const stale = await refused([{ ...problem, name: 'cursor', category: 'propertyInvalid' }]);
    expect(readQueryFault(stale.error)).toBeNull();
    const vague = await refused([{ ...problem, reason: 'No query' }]);
    expect(readQueryFault(vague.error)).toEqual({ reason: 'No query', position: null });
  });
});
