import * as z from 'zod';
import type { Reference } from './asset-fields.ts';
import type { ShowpadClient } from './client.ts';
import { id, reference } from './id.ts';
import { path } from './path.ts';

const tagCategory = z.object({
  id,
  name: z.string(),
  division: reference.nullish(),
  isPublished: z.boolean().nullish(),
  /** The category it is nested in; null for one at the root. */
  parent: reference.nullish(),
});
export type TagCategory = z.infer<typeof tagCategory>;

/** Filters of `GET /tag-categories`, and-ed. There is none for names. */
export interface TagCategoryFilters {
  readonly ids?: readonly string[];
  readonly divisionIds?: readonly string[];
}

export interface TagCategoryCreate {
  readonly name: string;
  readonly divisionId: string;
  /** At the root by default. */
  readonly parentId?: string;
  /** Showpad's default is true: visible to all users. */
  readonly isPublished?: boolean;
  readonly tagIds?: readonly string[];
}

/** @throws ShowpadError; RangeError for an id with a comma in it */
export function listTagCategories(
  client: ShowpadClient,
  filters: TagCategoryFilters = {},
): AsyncGenerator<TagCategory, void, undefined> {
  const call = {
    api: 'v4',
    method: 'GET',
    path: path`/tag-categories`,
    query: { ...filters },
    operation: 'GET /tag-categories',
  } as const;
  return client.paginate(call, tagCategory);
}

/**
 * The tag categories of a Division with this name, at whatever level. Whether names are unique, and in which case,
 * is not documented, so several may come back, differing in case or in their parents; the very same name comes
 * first. Reads all categories of the Division.
 * @throws ShowpadError
 */
export async function findTagCategories(
  client: ShowpadClient,
  { exactName, divisionId }: { readonly exactName: string; readonly divisionId: string },
): Promise<TagCategory[]> {
  const exact: TagCategory[] = [];
  const others: TagCategory[] = [];
  for await (const found of listTagCategories(client, { divisionIds: [divisionId] })) {
    if ((found.division ?? { id: divisionId }).id !== divisionId) continue;
    if (found.name === exactName) exact.push(found);
    else if (found.name.toLowerCase() === exactName.toLowerCase()) others.push(found);
  }
  return [...exact, ...others];
}

/** @throws ShowpadError, status 404 when the category is absent or not visible to the token */
export function getTagCategory(client: ShowpadClient, tagCategoryId: string): Promise<TagCategory> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/tag-categories/${tagCategoryId}`,
    operation: 'GET /tag-categories/{tagCategoryId}',
    schema: tagCategory,
  });
}

/** @throws ShowpadError, status 409 when there is one of this name */
export function createTagCategory(client: ShowpadClient, create: TagCategoryCreate): Promise<TagCategory> {
  const { name, divisionId, parentId, isPublished, tagIds } = create;
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/tag-categories`,
    body: {
      name,
      division: { id: divisionId },
      parent: parentId === undefined ? undefined : { id: parentId },
      isPublished,
      tags: tagIds === undefined ? undefined : references(tagIds),
    },
    operation: 'POST /tag-categories',
    schema: tagCategory,
  });
}

/**
 * Puts tags into a category, next to those that are there.
 * @throws ShowpadError, status 404 when the category is absent or not visible to the token
 */
export function addToTagCategory(
  client: ShowpadClient,
  tagCategoryId: string,
  tagIds: readonly string[],
): Promise<TagCategory> {
  return changeTags(client, tagCategoryId, { add: references(tagIds) });
}

/**
 * Takes tags out of a category and leaves the others.
 * @throws ShowpadError, status 404 when the category is absent or not visible to the token
 */
export function removeFromTagCategory(
  client: ShowpadClient,
  tagCategoryId: string,
  tagIds: readonly string[],
): Promise<TagCategory> {
  return changeTags(client, tagCategoryId, { remove: references(tagIds) });
}

function changeTags(
  client: ShowpadClient,
  tagCategoryId: string,
  body: { readonly add: readonly Reference[] } | { readonly remove: readonly Reference[] },
): Promise<TagCategory> {
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/tag-categories/${tagCategoryId}/tags`,
    body,
    operation: 'POST /tag-categories/{tagCategoryId}/tags',
    schema: tagCategory,
  });
}

function references(ids: readonly string[]): Reference[] {
  return ids.map((one) => ({ id: one }));
}
