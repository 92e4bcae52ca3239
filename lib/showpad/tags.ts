import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id, reference } from './id.ts';
import { path } from './path.ts';

const tag = z.object({
  id,
  name: z.string(),
  division: reference.nullish(),
  tagCategories: z.array(reference).nullish(),
});
export type Tag = z.infer<typeof tag>;

/** Filters of `GET /tags`, and-ed. */
export interface TagFilters {
  readonly ids?: readonly string[];
  readonly divisionIds?: readonly string[];
  readonly tagCategoryIds?: readonly string[];
  /** Full or partial. */
  readonly name?: string;
  readonly exactName?: string;
}

/** @throws ShowpadError; RangeError for an id with a comma in it */
export function listTags(
  client: ShowpadClient,
  { tagCategoryIds = [], ...filters }: TagFilters = {},
): AsyncGenerator<Tag, void, undefined> {
  // The one list parameter that is declared without a style, so OpenAPI's default holds: one key for each value.
  const query = { ...filters, tagCategoryIds: { repeated: tagCategoryIds } };
  return client.paginate({ api: 'v4', method: 'GET', path: path`/tags`, query, operation: 'GET /tags' }, tag);
}

/**
 * The tags of a Division with this name. Whether names are unique, and in which case, is not documented, so
 * several may come back, differing in case.
 * @throws ShowpadError
 */
export async function findTags(
  client: ShowpadClient,
  { exactName, divisionId }: { readonly exactName: string; readonly divisionId: string },
): Promise<Tag[]> {
  const tags: Tag[] = [];
  for await (const found of listTags(client, { exactName, divisionIds: [divisionId] })) {
    const sameName = found.name.toLowerCase() === exactName.toLowerCase();
    if (sameName && (found.division ?? { id: divisionId }).id === divisionId) tags.push(found);
  }
  return tags;
}

/** @throws ShowpadError, status 404 when the tag is absent or not visible to the token */
export function getTag(client: ShowpadClient, tagId: string): Promise<Tag> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/tags/${tagId}`,
    operation: 'GET /tags/{tagId}',
    schema: tag,
  });
}

/**
 * @param tag.name 1 to 255 characters without line breaks and tabs, trimmed by Showpad
 * @throws ShowpadError, status 409 when there is one of this name
 */
export function createTag(
  client: ShowpadClient,
  { name, divisionId }: { readonly name: string; readonly divisionId: string },
): Promise<Tag> {
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/tags`,
    body: { name, division: { id: divisionId } },
    operation: 'POST /tags',
    schema: tag,
  });
}

/**
 * Renames a tag, the only thing about it that can change.
 * @throws ShowpadError, status 404 when it is absent or not visible to the token, 409 when there is one of this name
 */
export function updateTag(
  client: ShowpadClient,
  tagId: string,
  { name }: { readonly name: string },
): Promise<Tag> {
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/tags/${tagId}`,
    body: { name },
    operation: 'POST /tags/{tagId}',
    schema: tag,
  });
}

/**
 * Deletes a tag for good.
 * @throws ShowpadError, status 404 when it is gone already or not visible to the token, 409 when a filter uses it
 */
export async function deleteTag(client: ShowpadClient, tagId: string): Promise<void> {
  await client.request({
    api: 'v4',
    method: 'DELETE',
    path: path`/tags/${tagId}`,
    operation: 'DELETE /tags/{tagId}',
    schema: z.unknown(),
  });
}
