import type { DivisionWish } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { listDivisions, type Division } from './showpad/divisions.ts';

/**
 * The id of the Division that an event, or its source, names. Where neither does, the only Division that the
 * token can see will do.
 * @throws {JobFailure} DIVISION_UNKNOWN, with what there is to choose from
 * @throws {ShowpadError}
 */
export async function resolveDivision(client: ShowpadClient, wish: unknown): Promise<string> {
  const named = wish as DivisionWish | undefined;
  if (typeof named === 'string') return named;
  if (named !== undefined && 'id' in named) return named.id;
  const visible: Division[] = [];
  for await (const division of listDivisions(client)) visible.push(division);
  const matches = named === undefined ? visible : visible.filter(({ name }) => name === named.name);
  const [match, ...others] = matches;
  if (match !== undefined && others.length === 0) return match.id;
  const what =
    named === undefined
      ? 'Neither the event nor its source names a Division'
      : `${matches.length} Divisions are called “${named.name}”`;
  const names = visible.slice(0, 20).map(({ name, id }) => `${name ?? '(no name)'} (${id})`);
  throw new JobFailure('DIVISION_UNKNOWN', `${what}; the token can see ${names.join(', ') || 'none'}.`);
}
