import type { Operation } from '../operation.ts';

export const getDivision: Operation = {
  method: 'GET',
  path: '/divisions/{divisionId}',
  run(request, state) {
    return { status: 200, json: request.lookUp(state.divisions, 'divisionId') };
  },
};
