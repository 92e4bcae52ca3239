import type { Operation } from '../operation.ts';
import { renderTagCategory } from '../tag-category-resource.ts';

export const getTagCategory: Operation = {
  method: 'GET',
  path: '/tag-categories/{tagCategoryId}',
  run(request, state) {
    return { status: 200, json: renderTagCategory(request.lookUp(state.tagCategories, 'tagCategoryId')) };
  },
};
