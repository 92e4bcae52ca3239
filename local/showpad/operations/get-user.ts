import type { Operation } from '../operation.ts';
import { renderUser } from '../user-resource.ts';

export const getUser: Operation = {
  method: 'GET',
  path: '/users/{userId}',
  run(request, state) {
    return { status: 200, json: renderUser(request.lookUp(state.users, 'userId')) };
  },
};
