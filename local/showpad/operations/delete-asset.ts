import type { Operation } from '../operation.ts';

export const deleteAsset: Operation = {
  method: 'DELETE',
  path: '/assets/{assetId}',
  run(request, state) {
    const asset = request.lookUp(state.assets, 'assetId');
    state.assets.delete(asset.id);
    state.deletedAssets.push(asset);
    return { status: 204 };
  },
};
