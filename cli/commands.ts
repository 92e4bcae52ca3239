import { getAsset, listAssets } from '../lib/showpad/assets.ts';
import type { ShowpadClient } from '../lib/showpad/client.ts';
import { listDivisions } from '../lib/showpad/divisions.ts';
import { listFiles } from '../lib/showpad/files.ts';
import { queryAssets } from '../lib/showpad/query.ts';
import { listTagCategories } from '../lib/showpad/tag-categories.ts';
import { listTags } from '../lib/showpad/tags.ts';
import { listUsers } from '../lib/showpad/users.ts';
import {
  assetColumns,
  divisionColumns,
  fileColumns,
  tagCategoryColumns,
  tagColumns,
  userColumns,
} from './columns.ts';
import { divisionIdsOf, tagCategoryIdsOf, tagIdsOf } from './names.ts';
import type { Output } from './output.ts';

/** What narrows a list, as it was given; Divisions, tags and categories by name or id. */
export interface Filters {
  readonly tag?: readonly string[] | undefined;
  readonly division?: readonly string[] | undefined;
  readonly category?: readonly string[] | undefined;
  readonly 'external-id'?: readonly string[] | undefined;
  readonly id?: readonly string[] | undefined;
  readonly slug?: readonly string[] | undefined;
  readonly email?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly 'exact-name'?: string | undefined;
}

export interface Command {
  /** What the operand is called; none when there is none. */
  readonly operand?: string;
  readonly filters: readonly (keyof Filters)[];
  readonly run: (
    client: ShowpadClient,
    input: { readonly operand: string; readonly filters: Filters },
    output: Output,
  ) => Promise<void>;
}

/** The commands by their names. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'assets list',
    {
      filters: ['tag', 'division', 'name', 'external-id', 'id', 'slug'],
      run: async (client, { filters }, output) => {
        const { id: ids = [], slug: slugs = [], 'external-id': externalIds = [], name } = filters;
        const divisionIds = await divisionIdsOf(client, filters.division);
        const tagIds = await tagIdsOf(client, filters.tag, divisionIds);
        const named = name === undefined ? {} : { name };
        const wanted = { ids, slugs, externalIds, divisionIds, tagIds, ...named };
        await output.list(listAssets(client, wanted), assetColumns);
      },
    },
  ],
  [
    'assets get',
    {
      operand: 'ASSET_ID',
      filters: [],
      run: async (client, { operand }, output) => output.one(await getAsset(client, operand)),
    },
  ],
  [
    'files list',
    {
      operand: 'ASSET_ID',
      filters: [],
      run: (client, { operand }, output) => output.list(listFiles(client, operand), fileColumns),
    },
  ],
  [
    'query',
    {
      operand: 'SHOWQL',
      filters: [],
      run: (client, { operand }, output) => output.list(queryAssets(client, operand), assetColumns),
    },
  ],
  [
    'tags list',
    {
      filters: ['division', 'name', 'exact-name', 'category', 'id'],
      run: async (client, { filters }, output) => {
        const { id: ids = [], name, 'exact-name': exactName } = filters;
        const divisionIds = await divisionIdsOf(client, filters.division);
        const tagCategoryIds = await tagCategoryIdsOf(client, filters.category, divisionIds);
        const named = { ...(name === undefined ? {} : { name }), ...(exactName ? { exactName } : {}) };
        await output.list(listTags(client, { ids, divisionIds, tagCategoryIds, ...named }), tagColumns);
      },
    },
  ],
  [
    'tag-categories list',
    {
      filters: ['division', 'id'],
      run: async (client, { filters }, output) => {
        const divisionIds = await divisionIdsOf(client, filters.division);
        const wanted = { ids: filters.id ?? [], divisionIds };
        await output.list(listTagCategories(client, wanted), tagCategoryColumns);
      },
    },
  ],
  [
    'divisions list',
    {
      filters: [],
      run: (client, _input, output) => output.list(listDivisions(client), divisionColumns),
    },
  ],
  [
    'users list',
    {
      filters: ['email', 'id'],
      run: (client, { filters: { id: ids = [], email: emails = [] } }, output) =>
        output.list(listUsers(client, { ids, emails }), userColumns),
    },
  ],
]);
