import type { TagWish } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadError } from './showpad/errors.ts';
import { createTag, findTags } from './showpad/tags.ts';

/**
 * The id of a tag that an event names. A name that the Division does not have yet becomes a new tag, unless it
 * is only to be found: then the answer is an empty text, which is nobody's id.
 * @throws {JobFailure} TAG_AMBIGUOUS, with the ids
 * @throws {ShowpadError}
 */
export async function resolveTag(
  client: ShowpadClient,
  divisionId: string,
  wish: TagWish,
  absent: 'create' | 'find' = 'create',
): Promise<string> {
  if (typeof wish !== 'string' && 'id' in wish) return wish.id;
  const name = (typeof wish === 'string' ? wish : wish.name).trim();
  const found = await findTag(client, divisionId, name);
  if (found !== null || absent === 'find') return found ?? '';
  try {
    return (await createTag(client, { name, divisionId })).id;
  } catch (error) {
    if (!(error instanceof ShowpadError) || error.status !== 409) throw error;
    // Somebody else has just made it.
    const made = await findTag(client, divisionId, name);
    if (made === null) throw error;
    return made;
  }
}

async function findTag(client: ShowpadClient, divisionId: string, name: string): Promise<string | null> {
  const tags = await findTags(client, { exactName: name, divisionId });
  const exact = tags.filter((tag) => tag.name === name);
  const [match, ...others] = exact.length > 0 ? exact : tags;
  if (match === undefined) return null;
  if (others.length === 0) return match.id;
  const ids = [match, ...others].map(({ id }) => id).join(', ');
  throw new JobFailure('TAG_AMBIGUOUS', `The Division has several tags called “${name}”: ${ids}.`);
}
