import type { Operation } from '../operation.ts';

export const getAsset: Operation = {
  method: 'GET',
  path: '/assets/{assetId}',
  run(request, state) {
    return { status: 200, json: state.render(request.lookUp(state.assets, 'assetId')) };
  },
};
