import type { Operation } from '../operation.ts';
import { renderTag } from '../tag-resource.ts';

export const listTags: Operation = {
  method: 'GET',
  path: '/tags',
  run(request, state) {
    const ids = request.list('ids');
    const divisionIds = request.list('divisionIds');
    const categoryIds = request.list('tagCategoryIds');
    const name = request.query.get('name')?.toLowerCase();
    const exactName = request.query.get('exactName');
    const { exactNameIgnoresCase } = state.switches;
    const comparable = (text: string) => (exactNameIgnoresCase ? text.toLowerCase() : text);
    const found = state.tagIndex
      .search()
      .filter(
        (tag) =>
          (ids === undefined || ids.has(tag.id)) &&
          (divisionIds === undefined || divisionIds.has(tag.division.id)) &&
          (categoryIds === undefined || tag.tagCategories.some(({ id }) => categoryIds.has(id))) &&
          (name === undefined || tag.name.toLowerCase().includes(name)) &&
          (exactName === null || comparable(tag.name) === comparable(exactName)),
      );
    return request.page(found, renderTag);
  },
};
