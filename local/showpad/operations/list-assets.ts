import type { Operation } from '../operation.ts';

export const listAssets: Operation = {
  method: 'GET',
  path: '/assets',
  run(request, state) {
    const { archivedInLists, preparedInLists } = state.switches;
    const ids = request.list('ids');
    const externalIds = request.list('externalIds');
    const divisionIds = request.list('divisionIds');
    const slugs = request.list('slugs');
    const tagIds = request.list('tagIds');
    const name = request.query.get('name')?.toLowerCase();
    const found = [...state.assets.values()].filter(
      (asset) =>
        asset.listedFromMs <= state.now() &&
        (archivedInLists || !asset.isArchived) &&
        (preparedInLists || asset.status !== 'prepared') &&
        (ids === undefined || ids.has(asset.id)) &&
        (externalIds === undefined || (asset.externalId !== null && externalIds.has(asset.externalId))) &&
        (divisionIds === undefined || divisionIds.has(asset.division.id)) &&
        (slugs === undefined || slugs.has(asset.slug)) &&
        (tagIds === undefined || [...tagIds].every((tagId) => asset.tags.some(({ id }) => id === tagId))) &&
        (name === undefined || asset.name.toLowerCase().includes(name)),
    );
    return request.page(found, (asset) => state.render(asset));
  },
};
