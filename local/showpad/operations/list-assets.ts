import type { EmulatedAsset } from '../asset-resource.ts';
import type { Operation } from '../operation.ts';

export const listAssets: Operation = {
  method: 'GET',
  path: '/assets',
  run(request, state) {
    const { archivedInLists, preparedInLists } = state.switches;
    const now = state.now();
    const ids = request.list('ids');
    const externalIds = request.list('externalIds');
    const divisionIds = request.list('divisionIds');
    const slugs = request.list('slugs');
    const tagIds = request.list('tagIds');
    const name = request.query.get('name')?.toLowerCase();
    const isFound = (asset: EmulatedAsset): boolean =>
      // What leaves least comes first: a library may be large.
      (ids === undefined || ids.has(asset.id)) &&
      (externalIds === undefined || (asset.externalId !== null && externalIds.has(asset.externalId))) &&
      asset.listedFromMs <= now &&
      (archivedInLists || !asset.isArchived) &&
      (preparedInLists || asset.status !== 'prepared') &&
      (divisionIds === undefined || divisionIds.has(asset.division.id)) &&
      (slugs === undefined || slugs.has(asset.slug)) &&
      (tagIds === undefined || [...tagIds].every((tagId) => asset.tags.some(({ id }) => id === tagId))) &&
      (name === undefined || asset.name.toLowerCase().includes(name));
    const found: EmulatedAsset[] = [];
    for (const asset of state.assets.values()) if (isFound(asset)) found.push(asset);
    return request.page(found, (asset) => state.render(asset));
  },
};
