import type { Operation } from '../operation.ts';

export const deleteAsset: Operation = {
  method: 'DELETE',
  path: '/assets/{assetId}',
  run(request, state) {
    state.deleteAsset(request.lookUp(state.assets, 'assetId'));
    return { status: 204 };
  },
};
