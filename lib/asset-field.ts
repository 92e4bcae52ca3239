import type { DivisionWish, Metadata } from './metadata.ts';
import { JobFailure } from './reasons.ts';
import type { NameSource } from './showpad-names.ts';

/**
 * One metadata field in the words of Showpad's API: the part of a request body that sets it.
 * @throws {JobFailure} when it cannot be set, with the reason
 * @throws {ShowpadError} when a name could not be looked up
 */
export async function fieldInShowpad(
  names: NameSource,
  divisionId: string,
  name: string,
  value: unknown,
): Promise<Record<string, unknown>> {
  switch (name) {
    case 'languages':
    case 'countries':
      return { [name]: (value as string[]).map((code) => ({ code })) };
    case 'authors':
      return { authors: await resolveAuthors(names, value as NonNullable<Metadata['authors']>) };
    case 'division':
      if ((await names.divisionId(value as DivisionWish)) === divisionId) return {};
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
  names: NameSource,
  authors: NonNullable<Metadata['authors']>,
): Promise<{ id: string }[]> {
  const resolved: { id: string }[] = [];
  for (const [index, author] of authors.entries()) {
    const id =
      typeof author === 'string' ? await names.userId(author, `metadata.authors[${index}]`) : author.id;
    resolved.push({ id });
  }
  return resolved;
}
