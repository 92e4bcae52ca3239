import type { Operation } from '../operation.ts';

export const listDivisions: Operation = {
  method: 'GET',
  path: '/divisions',
  run(request, state) {
    return request.page([...state.divisions.values()], (division) => division);
  },
};
