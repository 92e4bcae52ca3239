import type { Operation } from '../operation.ts';
import { renderTagCategory } from '../tag-category-resource.ts';

export const listTagCategories: Operation = {
  method: 'GET',
  path: '/tag-categories',
  run(request, state) {
    const ids = request.list('ids');
    const divisionIds = request.list('divisionIds');
    const found = [...state.tagCategories.values()].filter(
      (category) =>
        (ids === undefined || ids.has(category.id)) &&
        (divisionIds === undefined || divisionIds.has(category.division.id)),
    );
    return request.page(found, renderTagCategory);
  },
};
