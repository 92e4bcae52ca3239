import { assertReadable, ownerOfDivision } from '../my-files.ts';
import { renderPersonalAsset } from '../personal-asset-resource.ts';
import type { V3Operation } from '../v3-operation.ts';

const textFilters = ['name', 'originalName', 'filetype', 'slug'] as const;

export const listDivisionAssets: V3Operation = {
  method: 'GET',
  path: '/divisions/{id}/assets.json',
  run(request, state) {
    const owner = ownerOfDivision(state, request.id);
    assertReadable(state, owner);
    const isPersonal = request.flag('isPersonal');
    const found = owner.myFiles.assets
      .map((asset) => renderPersonalAsset(asset, owner.myFiles))
      .filter(
        (asset) =>
          (isPersonal === undefined || asset['isPersonal'] === isPersonal) &&
          textFilters.every((name) => (request.query.get(name) ?? asset[name]) === asset[name]),
      );
    return request.list(found);
  },
};
