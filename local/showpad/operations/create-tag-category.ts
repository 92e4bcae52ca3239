import * as z from 'zod';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import type { EmulatedTagCategory } from '../showpad-state.ts';
import {
  checkParent,
  findTags,
  referenceSchema,
  renderTagCategory,
  setTags,
  tagCategoryNameSchema,
} from '../tag-category-resource.ts';
import { refuseTakenName } from '../tag-resource.ts';

const bodySchema = z.strictObject({
  name: tagCategoryNameSchema,
  division: referenceSchema,
  isPublished: z.boolean().default(true),
  parent: referenceSchema.nullable().default(null),
  tags: z.array(referenceSchema).default([]),
});

export const createTagCategory: Operation = {
  method: 'POST',
  path: '/tag-categories',
  run(request, state) {
    const { tags: references, ...fields } = request.parseBody(bodySchema);
    if (!state.divisions.has(fields.division.id)) {
      throw Problem.invalid('division.id', 'The Division does not exist.', 'notFound');
    }
    const createdAt = state.timestamp();
    const category: EmulatedTagCategory = {
      id: state.newId(),
      ...fields,
      createdAt,
      updatedAt: createdAt,
    };
    checkParent(state, category, category.parent);
    const tags = findTags(state, { divisionId: category.division.id, field: 'tags' }, references);
    refuseTakenName(state.tagCategories.values(), category, state.switches.tagNameUniqueness);
    state.tagCategories.set(category.id, category);
    state.touch('tagCategory', category.id);
    setTags(state, category, new Set(tags));
    return { status: 201, json: renderTagCategory(category) };
  },
};
