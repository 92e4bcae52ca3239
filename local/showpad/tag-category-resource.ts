import * as z from 'zod';
import { Problem } from './problem.ts';
import type { EmulatedTag, EmulatedTagCategory, ShowpadState } from './showpad-state.ts';

export const referenceSchema = z.strictObject({ id: z.string().min(1) });
export const tagCategoryNameSchema = z.string().min(1);

interface Reference {
  readonly id: string;
}

/** The tag category as the API shows it; a copy, so that answers that were given do not change. */
export function renderTagCategory(category: EmulatedTagCategory): object {
  return { ...category };
}

/** The tags that a body names in its list `field`; refuses with 400 those that the Division does not have. */
export function findTags(
  state: ShowpadState,
  { divisionId, field }: { readonly divisionId: string; readonly field: string },
  references: readonly Reference[],
): EmulatedTag[] {
  return references.map(({ id }, index) => {
    const name = `${field}.${String(index)}.id`;
    const tag = state.tags.get(id);
    if (tag === undefined) throw Problem.invalid(name, 'The tag does not exist.', 'notFound');
    if (tag.division.id !== divisionId) throw Problem.invalid(name, 'The tag belongs to another Division.');
    return tag;
  });
}

/** Refuses with 400 a parent that does not exist, is of another Division, or is below the category itself. */
export function checkParent(
  state: ShowpadState,
  category: Pick<EmulatedTagCategory, 'id' | 'division'>,
  parent: Reference | null | undefined,
): void {
  let above = parent ? state.tagCategories.get(parent.id) : undefined;
  if (parent && above === undefined) {
    throw Problem.invalid('parent.id', 'The tag category does not exist.', 'notFound');
  }
  if (above !== undefined && above.division.id !== category.division.id) {
    throw Problem.invalid('parent.id', 'The tag category belongs to another Division.');
  }
  while (above !== undefined) {
    if (above.id === category.id) throw Problem.invalid('parent.id', 'A tag category cannot be in itself.');
    above = above.parent === null ? undefined : state.tagCategories.get(above.parent.id);
  }
}

/** Links and unlinks tags so that the category has exactly these. */
export function setTags(
  state: ShowpadState,
  category: EmulatedTagCategory,
  wanted: ReadonlySet<EmulatedTag>,
): void {
  for (const tag of state.tags.values()) {
    const isWanted = wanted.has(tag);
    if (isWanted === isLinked(tag, category)) continue;
    const others = tag.tagCategories.filter(({ id }) => id !== category.id);
    tag.tagCategories = isWanted ? [...others, { id: category.id }] : others;
    state.saveTag(tag);
  }
}

export function isLinked(tag: EmulatedTag, category: EmulatedTagCategory): boolean {
  return tag.tagCategories.some(({ id }) => id === category.id);
}
