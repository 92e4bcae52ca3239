import * as z from 'zod';
import { Problem } from './problem.ts';
import type { EmulatedTag } from './showpad-state.ts';
import type { Switches } from './switches.ts';

export const tagNameSchema = z
  .string()
  .regex(/^[^\r\n\t]*$/u, { error: 'Line breaks, carriage returns and tabs are not allowed.' })
  .trim()
  .min(1)
  .max(255);

/** The tag as the API shows it. */
export function renderTag(tag: EmulatedTag): object {
  const { usedInFilter: _usedInFilter, ...shown } = tag;
  return shown;
}

interface Named {
  readonly name: string;
  readonly division: { readonly id: string };
}

/** Refuses with 409 a name that another tag, or another tag category, of the Division has. */
export function refuseTakenName(
  others: Iterable<Named>,
  { name, division }: Named,
  uniqueness: Switches['tagNameUniqueness'],
): void {
  if (uniqueness === 'none') return;
  const comparable = (text: string) => (uniqueness === 'case-insensitive' ? text.toLowerCase() : text);
  for (const other of others) {
    if (other.division.id === division.id && comparable(other.name) === comparable(name)) {
      throw new Problem(409, { detail: 'This name exists already.' });
    }
  }
}
