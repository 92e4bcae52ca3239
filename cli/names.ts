import type { ShowpadClient } from '../lib/showpad/client.ts';
import { listDivisions } from '../lib/showpad/divisions.ts';
import { redact } from '../lib/showpad/redact.ts';
import { listTagCategories } from '../lib/showpad/tag-categories.ts';
import { listTags } from '../lib/showpad/tags.ts';
import { ReaderError } from './reader-error.ts';

interface Named {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly division?: { readonly id: string } | null | undefined;
}

/**
 * The ids of Divisions that are given by name or id.
 * @throws ReaderError for one that the token cannot see and for a name that several have; ShowpadError
 */
export async function divisionIdsOf(
  client: ShowpadClient,
  wanted: readonly string[] = [],
): Promise<string[]> {
  if (wanted.length === 0) return [];
  const visible = await all(listDivisions(client));
  return wanted.map((one) => choose(visible, one, 'Division', 'divisions list shows those it can see.'));
}

/**
 * The ids of tags that are given by name or id; names are looked for in these Divisions, or in all.
 * @throws ReaderError for one that the token cannot see and for a name that several have; ShowpadError
 */
export async function tagIdsOf(
  client: ShowpadClient,
  wanted: readonly string[] = [],
  divisionIds: readonly string[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const one of wanted) {
    const named = await all(listTags(client, { exactName: one, divisionIds }));
    const found = named.length > 0 || one.includes(',') ? named : await all(listTags(client, { ids: [one] }));
    ids.push(choose(found, one, 'tag', 'tags list --name finds parts of names.'));
  }
  return ids;
}

/**
 * The ids of tag categories that are given by name or id; names are looked for in these Divisions, or in all.
 * @throws ReaderError for one that the token cannot see and for a name that several have; ShowpadError
 */
export async function tagCategoryIdsOf(
  client: ShowpadClient,
  wanted: readonly string[] = [],
  divisionIds: readonly string[],
): Promise<string[]> {
  if (wanted.length === 0) return [];
  const visible = await all(listTagCategories(client, { divisionIds }));
  return wanted.map((one) =>
    choose(visible, one, 'tag category', 'tag-categories list shows those it can see.'),
  );
}

/** An id goes before a name, and the same name before one that differs in case. */
function choose(candidates: readonly Named[], wanted: string, noun: string, hint: string): string {
  const ways = [
    ({ id }: Named) => id === wanted,
    ({ name }: Named) => name === wanted,
    ({ name }: Named) => name?.toLowerCase() === wanted.toLowerCase(),
  ];
  const matches = ways.map((isMeant) => candidates.filter(isMeant)).find(({ length }) => length > 0) ?? [];
  const [match, ...others] = matches;
  if (match === undefined)
    throw new ReaderError(`The token sees no ${noun} “${redact(wanted)}” there; ${hint}`, 1);
  if (others.length === 0) return match.id;
  const places = matches.map(({ id, division }) => (division ? `${id} (Division ${division.id})` : id));
  throw new ReaderError(`“${redact(wanted)}” could be any of ${places.join(', ')}. Give its id.`, 1);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}
