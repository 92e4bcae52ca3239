import type { V3Operation } from '../v3-operation.ts';
import { V3Problem } from '../v3-problem.ts';
import { renderV3User } from '../v3-user-resource.ts';

export const getUser: V3Operation = {
  method: 'GET',
  path: '/users/{id}.json',
  run(request, state) {
    const user = state.users.get(request.id);
    if (user === undefined) throw new V3Problem(404);
    return { response: request.pick(renderV3User(state, user)) };
  },
};
