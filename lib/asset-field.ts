import { resolveDivision } from './divisions.ts';
import type { Metadata } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { findUsersByEmail } from './showpad/users.ts';

/**
 * One metadata field in the words of Showpad's API: the part of a request body that sets it.
 * @throws {JobFailure} when it cannot be set, with the reason
 * @throws {ShowpadError} when a name could not be looked up
 */
export async function fieldInShowpad(
  client: ShowpadClient,
  divisionId: string,
  name: string,
  value: unknown,
): Promise<Record<string, unknown>> {
  switch (name) {
    case 'languages':
    case 'countries':
      return { [name]: (value as string[]).map((code) => ({ code })) };
    case 'authors':
      return { authors: await resolveAuthors(client, value as NonNullable<Metadata['authors']>) };
    case 'division':
      if ((await resolveDivision(client, value)) === divisionId) return {};
      throw new JobFailure(
        'DIVISION_FIXED',
        `The asset belongs to Division ${divisionId}, and an event names another.`,
      );
    default:
      // The parts of `permissions` are sent together, elsewhere.
      return name.startsWith('permissions.') ? {} : { [name]: value };
  }
}

async function resolveAuthors(
  client: ShowpadClient,
  authors: NonNullable<Metadata['authors']>,
): Promise<{ id: string }[]> {
  const resolved: { id: string }[] = [];
  for (const [index, author] of authors.entries()) {
    if (typeof author !== 'string') {
      resolved.push({ id: author.id });
      continue;
    }
    const [user, ...others] = author.includes(',') ? [] : await findUsersByEmail(client, author);
    if (user === undefined || others.length > 0) {
      const found = user === undefined ? 'no user' : 'several users';
      // The address itself must not reach a log.
      throw new JobFailure(
        'AUTHOR_UNKNOWN',
        `Showpad has ${found} for the address in metadata.authors[${index}].`,
      );
    }
    resolved.push({ id: user.id });
  }
  return resolved;
}
