import * as z from 'zod';
import { Problem } from './problem.ts';
import type { EmulatedTag } from './showpad-state.ts';

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

/** Refuses with 409 a name that another tag of the Division has. */
export function refuseTakenName(others: Iterable<EmulatedTag>, name: string, divisionId: string): void {
  for (const tag of others) {
    if (tag.name === name && tag.division.id === divisionId) {
      throw new Problem(409, { detail: 'A tag with this name exists already.' });
    }
  }
}
