import type { Operation } from '../operation.ts';

export const getTagCategory: Operation = {
  method: 'GET',
  path: '/tag-categories/{tagCategoryId}',
  run(request, state) {
    return { status: 200, json: request.lookUp(state.tagCategories, 'tagCategoryId') };
  },
};
