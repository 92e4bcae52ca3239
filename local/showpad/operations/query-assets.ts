import * as z from 'zod';
import type { Operation } from '../operation.ts';
import { Problem, type ProblemEntry } from '../problem.ts';
import { parseShowql, type ShowqlQuery } from '../showql/parse-showql.ts';
import { comparePlaces, decodeCursor, encodeCursor, placeOf } from '../showql/search-cursor.ts';
import { ShowqlError } from '../showql/showql-error.ts';

const bodySchema = z.strictObject({
  query: z.string().max(20_000),
  cursor: z.string().optional(),
  offset: z.int().min(0).max(99_999).optional(),
  limit: z.int().min(0).max(100).default(20),
});

const maximumOffsetResults = 10_000;

/** Always includes archived assets: a query has to exclude them itself. */
export const queryAssets: Operation = {
  method: 'POST',
  path: '/assets/query',
  run(request, state) {
    const { query: text, cursor, offset, limit } = request.parseBody(bodySchema);
    if (cursor !== undefined && offset !== undefined) {
      throw badRequest('offset', 'An offset and a cursor cannot be used together.');
    }
    // Showpad's documents do not say whether the last result or the first one of the page counts.
    if (cursor === undefined && (offset ?? 0) + limit > maximumOffsetResults) {
      throw badRequest('offset', `Use a cursor for more than ${String(maximumOffsetResults)} results.`);
    }
    const query = parse(text, state.now());
    const { isDescending } = query.order;
    const found = state.assetIndex
      .search()
      .filter(
        (asset) => (state.switches.preparedInLists || asset.status !== 'prepared') && query.matches(asset),
      )
      .map((asset) => ({ asset, place: placeOf(asset, query) }))
      .toSorted((left, right) => comparePlaces(left.place, right.place, isDescending));

    let start = offset ?? 0;
    if (cursor !== undefined) {
      const after = state.switches.staleCursors ? undefined : decodeCursor(text, cursor);
      if (after === undefined) throw badRequest('cursor', 'The cursor is not valid any more.');
      const next = found.findIndex(({ place }) => comparePlaces(place, after, isDescending) > 0);
      start = next === -1 ? found.length : next;
    }
    const size = Math.min(limit, state.switches.queryPageMaximum ?? limit);
    const page = found.slice(start, start + size);
    const last = page.at(-1);
    const isLastPage = start + page.length >= found.length;
    return {
      status: 200,
      json: {
        count: found.length,
        items: page.map(({ asset }) => state.render(asset)),
        next: isLastPage || last === undefined ? null : encodeCursor(text, last.place),
      },
    };
  },
};

function parse(text: string, nowMs: number): ShowqlQuery {
  try {
    return parseShowql(text, nowMs);
  } catch (error) {
    if (!(error instanceof ShowqlError)) throw error;
    throw refusal('The ShowQL query is invalid', {
      name: 'query',
      reason: error.message,
      category: 'ParseError',
    });
  }
}

function badRequest(name: string, reason: string): Problem {
  return refusal('Property value provided is not valid.', { name, reason, category: 'propertyInvalid' });
}

/** The texts are those of the example in Showpad's OpenAPI document. */
function refusal(detail: string, entry: ProblemEntry): Problem {
  return new Problem(400, { title: 'Bad Request', type: '/problems/bad-request', detail, meta: [entry] });
}
