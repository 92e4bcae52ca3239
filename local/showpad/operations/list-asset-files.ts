import { renderFile } from '../asset-resource.ts';
import type { Operation } from '../operation.ts';

export const listAssetFiles: Operation = {
  method: 'GET',
  path: '/assets/{assetId}/files',
  run(request, state) {
    return request.page(request.lookUp(state.assets, 'assetId').files, renderFile);
  },
};
