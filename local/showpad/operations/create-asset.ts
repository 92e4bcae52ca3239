import { randomUUID } from 'node:crypto';
import { applyFields, checkFields, refuseFields } from '../asset-changes.ts';
import { createAssetSchema } from '../asset-fields.ts';
import { newAsset } from '../asset-resource.ts';
import { fileTypeOf } from '../file-types.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';

export const createAsset: Operation = {
  method: 'POST',
  path: '/assets',
  run(request, state) {
    const { name, division, ...body } = request.parseBody(createAssetSchema);
    refuseFields(state, { name, division, ...body });
    const { unknownReferenceStatus, indexLagMs } = state.switches;
    if (!state.divisions.has(division.id)) {
      throw Problem.invalid(
        'division.id',
        'The Division does not exist.',
        'notFound',
        unknownReferenceStatus,
      );
    }
    const isUrl = typeof body.url === 'string';
    const asset = newAsset({
      id: state.newId(),
      slug: randomUUID(),
      name,
      division,
      type: isUrl ? 'url' : fileTypeOf(name).assetType,
      createdAt: state.timestamp(),
      listedFromMs: state.now() + indexLagMs,
      origin: body.origin?.type ?? 'local',
    });
    checkFields(state, asset, body, unknownReferenceStatus);
    if (isUrl) asset.status = 'active';
    applyFields(state, asset, body);
    return { status: 201, json: state.render(asset) };
  },
};
