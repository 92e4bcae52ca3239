import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id, reference } from './id.ts';
import { path } from './path.ts';

const tag = z.object({ id, name: z.string(), division: reference.nullish() });
export type Tag = z.infer<typeof tag>;

/**
 * The tags of a Division with this name. Whether names are unique, and in which case, is not documented, so
 * several may come back, differing in case.
 * @throws ShowpadError
 */
export async function findTags(
  client: ShowpadClient,
  { exactName, divisionId }: { readonly exactName: string; readonly divisionId: string },
): Promise<Tag[]> {
  const query = { exactName, divisionIds: [divisionId] };
  const call = { api: 'v4', method: 'GET', path: path`/tags`, query, operation: 'GET /tags' } as const;
  const tags: Tag[] = [];
  for await (const found of client.paginate(call, tag)) {
    const sameName = found.name.toLowerCase() === exactName.toLowerCase();
    if (sameName && (found.division ?? { id: divisionId }).id === divisionId) tags.push(found);
  }
  return tags;
}

/** @throws ShowpadError, status 409 when there is one of this name */
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
