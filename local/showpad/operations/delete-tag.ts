import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';

export const deleteTag: Operation = {
  method: 'DELETE',
  path: '/tags/{tagId}',
  run(request, state) {
    const tag = request.lookUp(state.tags, 'tagId');
    if (tag.usedInFilter || state.switches.tagsUsedInFilters.includes(tag.name)) {
      throw new Problem(409, { detail: 'The tag is used in a filter.' });
    }
    state.deleteTag(tag);
    return { status: 204 };
  },
};
