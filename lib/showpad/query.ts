import * as z from 'zod';
import { asset } from './assets.ts';
import type { Asset } from './assets.ts';
import type { ShowpadClient } from './client.ts';
import { ShowpadError } from './errors.ts';
import { path } from './path.ts';

const operation = 'POST /assets/query';
const longestQuery = 20_000;
const largestPage = 100;
/** How far offset paging reaches; a cursor reaches further. */
const offsetReach = 10_000;

const page = z.object({
  /** Of all results. */
  count: z.number(),
  /** May be fewer than `limit` before the last page, too. */
  items: z.array(asset),
  /** The cursor of the next page. */
  next: z.string().nullish(),
});
export type QueryPage = z.infer<typeof page>;

/** The first page, or the one at an offset (the first 10,000 results only) or a cursor. */
export type QueryPlace =
  | { readonly offset?: undefined; readonly cursor?: undefined }
  | { readonly offset: number; readonly cursor?: undefined }
  | { readonly cursor: string; readonly offset?: undefined };

/**
 * One page of the assets that a ShowQL query finds, archived and personal ones too unless it excludes them. ShowQL
 * names Divisions, users and tags by id. How text is escaped in it is not documented: never build it from text of
 * others. The results come from an index that may be behind.
 * @param limit 1 to 100
 * @throws ShowpadError, status 400 for a query that Showpad does not understand (see `readQueryFault`), an offset
 *   beyond 10,000 and a cursor that has become invalid; RangeError for a query that is empty or longer than 20,000
 *   characters, and for a limit out of range
 */
export async function queryAssetPage(
  client: ShowpadClient,
  query: string,
  { limit = largestPage, ...place }: QueryPlace & { readonly limit?: number } = {},
): Promise<QueryPage> {
  if (query.trim() === '') throw new RangeError('The query is empty.');
  if (query.length > longestQuery)
    throw new RangeError(`The query has ${query.length} characters; Showpad takes ${longestQuery}.`);
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage)
    throw new RangeError(`A page of a query has 1 to ${largestPage} assets, not ${limit}.`);
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/assets/query`,
    body: { query, limit, ...place },
    operation,
    schema: page,
    idempotent: true,
  });
}

/**
 * Yields everything that a ShowQL query finds, page by page as it is needed; see `queryAssetPage`. Goes by cursor
 * from the first page on, because an offset ends at 10,000 and nothing says how to change over. Only a Showpad that
 * gives no cursor is asked by offset.
 * @throws ShowpadError, of kind `protocol` when there are more than 10,000 results and no cursor; RangeError
 */
export async function* queryAssets(
  client: ShowpadClient,
  query: string,
  { pageSize = largestPage }: { readonly pageSize?: number } = {},
): AsyncGenerator<Asset, void, undefined> {
  let place: QueryPlace = {};
  for (let read = 0; ;) {
    const limit = place.offset === undefined ? pageSize : Math.min(pageSize, offsetReach - read);
    const { count, items, next }: QueryPage = await queryAssetPage(client, query, { limit, ...place });
    yield* items;
    read += items.length;
    const isAllRead = read >= count;
    const isEmpty = items.length === 0;
    if (next) {
      // A cursor that leads nowhere must not keep us going round.
      const isStuck = next === place.cursor;
      if ((isStuck && isEmpty) || (isAllRead && (isStuck || isEmpty))) return;
      place = { cursor: next };
    } else {
      if (place.cursor !== undefined || isAllRead || isEmpty) return;
      if (read >= offsetReach) throw beyondReach(count);
      place = { offset: read };
    }
  }
}

function beyondReach(count: number): ShowpadError {
  return new ShowpadError({
    operation,
    kind: 'protocol',
    status: 200,
    title: 'The rest of the results is out of reach',
    detail: `There are ${count}, without a cursor, and offsets end at ${offsetReach}. Narrow the query.`,
    retryable: false,
    outcomeUnknown: false,
  });
}

/** What is wrong with a query. */
export interface QueryFault {
  readonly reason: string;
  /** The number of the character; whether the first is 0 or 1 is not documented. Null when it is not said. */
  readonly position: number | null;
}

/** Why Showpad does not understand a query; null when the error says something else. */
export function readQueryFault(error: ShowpadError): QueryFault | null {
  const problem = error.problems.find(({ category }) => category.toLowerCase() === 'parseerror');
  if (error.operation !== operation || problem === undefined) return null;
  const digits = /\b(?:character|position|column) (\d{1,5})\b/i.exec(problem.reason)?.[1];
  return { reason: problem.reason, position: digits === undefined ? null : Number(digits) };
}
