import type { Operation } from '../operation.ts';
import { renderTag } from '../tag-resource.ts';

export const getTag: Operation = {
  method: 'GET',
  path: '/tags/{tagId}',
  run(request, state) {
    return { status: 200, json: renderTag(request.lookUp(state.tags, 'tagId')) };
  },
};
