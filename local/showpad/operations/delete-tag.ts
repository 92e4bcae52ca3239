import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';

export const deleteTag: Operation = {
  method: 'DELETE',
  path: '/tags/{tagId}',
  run(request, state) {
    const tag = request.lookUp(state.tags, 'tagId');
    if (tag.usedInFilter) throw new Problem(409, { detail: 'The tag is used in a filter.' });
    state.tags.delete(tag.id);
    for (const asset of state.assets.values()) {
      asset.tags = asset.tags.filter(({ id }) => id !== tag.id);
    }
    return { status: 204 };
  },
};
