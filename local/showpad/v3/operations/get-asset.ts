import { assertReadable } from '../my-files.ts';
import { renderPersonalAsset } from '../personal-asset-resource.ts';
import type { V3Operation } from '../v3-operation.ts';
import { V3Problem } from '../v3-problem.ts';

export const getAsset: V3Operation = {
  method: 'GET',
  path: '/assets/{id}.json',
  run(request, state) {
    for (const owner of state.users.values()) {
      const asset = owner.myFiles.assets.find(({ id }) => id === request.id);
      if (asset === undefined) continue;
      assertReadable(state, owner);
      return { response: request.pick(renderPersonalAsset(asset, owner.myFiles)) };
    }
    throw new V3Problem(404);
  },
};
