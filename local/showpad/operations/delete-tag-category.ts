import type { Operation } from '../operation.ts';
import { setTags } from '../tag-category-resource.ts';

/** Its tags stay, and the categories in it move to the root; no document tells what becomes of them. */
export const deleteTagCategory: Operation = {
  method: 'DELETE',
  path: '/tag-categories/{tagCategoryId}',
  run(request, state) {
    const category = request.lookUp(state.tagCategories, 'tagCategoryId');
    setTags(state, category, new Set());
    state.tagCategories.delete(category.id);
    state.touch('tagCategory', category.id);
    for (const other of state.tagCategories.values()) {
      if (other.parent?.id !== category.id) continue;
      other.parent = null;
      state.touch('tagCategory', other.id);
    }
    return { status: 204 };
  },
};
