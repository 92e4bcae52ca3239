import type { Operation } from '../operation.ts';

export const getUser: Operation = {
  method: 'GET',
  path: '/users/{userId}',
  run(request, state) {
    return { status: 200, json: request.lookUp(state.users, 'userId') };
  },
};
