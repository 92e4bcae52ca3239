import * as z from 'zod';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import { findTags, isLinked, referenceSchema, renderTagCategory, setTags } from '../tag-category-resource.ts';

const bodySchema = z
  .strictObject({
    add: z.array(referenceSchema).default([]),
    remove: z.array(referenceSchema).default([]),
    clear: z.boolean().default(false),
  })
  .prefault({});

/** Clears first, then removes, then adds; no document tells the order. */
export const updateTagCategoryTags: Operation = {
  method: 'POST',
  path: '/tag-categories/{tagCategoryId}/tags',
  run(request, state) {
    const category = request.lookUp(state.tagCategories, 'tagCategoryId');
    const { add, remove, clear } = request.parseBody(bodySchema);
    const divisionId = category.division.id;
    const added = findTags(state, { divisionId, field: 'add' }, add);
    const removed = new Set(findTags(state, { divisionId, field: 'remove' }, remove));
    const kept = [...state.tags.values()].filter(
      (tag) => !clear && isLinked(tag, category) && !removed.has(tag),
    );
    if (state.switches.repeatedTagLink === 'conflict' && added.some((tag) => kept.includes(tag))) {
      throw new Problem(409, { detail: 'The tag category has the tag already.' });
    }
    setTags(state, category, new Set([...kept, ...added]));
    category.updatedAt = state.timestamp();
    state.touch('tagCategory', category.id);
    return { status: 200, json: renderTagCategory(category) };
  },
};
