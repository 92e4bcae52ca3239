import { renderFile } from '../asset-resource.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';

export const getAssetFile: Operation = {
  method: 'GET',
  path: '/assets/{assetId}/files/{fileId}',
  run(request, state) {
    const { files } = request.lookUp(state.assets, 'assetId');
    const file = files.find(({ id }) => id === request.parameter('fileId'));
    if (file === undefined) throw new Problem(404);
    return { status: 200, json: renderFile(file) };
  },
};
