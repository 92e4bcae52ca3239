import { applyFields, checkFields, refuseFields } from '../asset-changes.ts';
import { updateAssetSchema } from '../asset-fields.ts';
import { checkLocalization } from '../localization.ts';
import type { Operation } from '../operation.ts';

export const updateAsset: Operation = {
  method: 'POST',
  path: '/assets/{assetId}',
  run(request, state) {
    const asset = request.lookUp(state.assets, 'assetId');
    const body = request.parseBody(updateAssetSchema);
    refuseFields(state, body);
    // 404 would say that the asset itself is gone.
    checkFields(state, asset, body, 400);
    if (body.localization) checkLocalization(state, asset, body.localization);
    applyFields(state, asset, body);
    return { status: 200, json: state.render(asset) };
  },
};
