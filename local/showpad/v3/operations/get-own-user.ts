import type { V3Operation } from '../v3-operation.ts';
import { renderV3User } from '../v3-user-resource.ts';

export const getOwnUser: V3Operation = {
  method: 'GET',
  path: '/users/me.json',
  run(request, state) {
    return { response: request.pick(renderV3User(state, state.tokenOwner())) };
  },
};
