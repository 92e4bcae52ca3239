import * as z from 'zod';
import type { Operation } from '../operation.ts';
import {
  checkParent,
  findTags,
  referenceSchema,
  renderTagCategory,
  setTags,
  tagCategoryNameSchema,
} from '../tag-category-resource.ts';
import { refuseTakenName } from '../tag-resource.ts';

const bodySchema = z
  .strictObject({
    name: tagCategoryNameSchema.optional(),
    isPublished: z.boolean().optional(),
    parent: referenceSchema.nullable().optional(),
    /** Null leaves the tags alone: the document's text says so, though its schema does not. */
    tags: z.array(referenceSchema).nullable().optional(),
  })
  .prefault({});

export const updateTagCategory: Operation = {
  method: 'POST',
  path: '/tag-categories/{tagCategoryId}',
  run(request, state) {
    const category = request.lookUp(state.tagCategories, 'tagCategoryId');
    const { tags: references, ...fields } = request.parseBody(bodySchema);
    const { division } = category;
    checkParent(state, category, fields.parent);
    const tags = findTags(state, { divisionId: division.id, field: 'tags' }, references ?? []);
    if (fields.name !== undefined) {
      const others = [...state.tagCategories.values()].filter((other) => other !== category);
      refuseTakenName(others, { name: fields.name, division }, state.switches.tagNameUniqueness);
    }
    Object.assign(category, fields, { updatedAt: state.timestamp() });
    state.touch('tagCategory', category.id);
    if (references) setTags(state, category, new Set(tags));
    return { status: 200, json: renderTagCategory(category) };
  },
};
