import type { Operation } from './operation.ts';
import { createAssetFile } from './operations/create-asset-file.ts';
import { createAsset } from './operations/create-asset.ts';
import { createTagCategory } from './operations/create-tag-category.ts';
import { createTag } from './operations/create-tag.ts';
import { deleteAsset } from './operations/delete-asset.ts';
import { deleteTagCategory } from './operations/delete-tag-category.ts';
import { deleteTag } from './operations/delete-tag.ts';
import { getAssetFile } from './operations/get-asset-file.ts';
import { getAsset } from './operations/get-asset.ts';
import { getDivision } from './operations/get-division.ts';
import { getTagCategory } from './operations/get-tag-category.ts';
import { getTag } from './operations/get-tag.ts';
import { getUser } from './operations/get-user.ts';
import { listAssetFiles } from './operations/list-asset-files.ts';
import { listAssets } from './operations/list-assets.ts';
import { listDivisions } from './operations/list-divisions.ts';
import { listTagCategories } from './operations/list-tag-categories.ts';
import { listTags } from './operations/list-tags.ts';
import { listUsers } from './operations/list-users.ts';
import { queryAssets } from './operations/query-assets.ts';
import { updateAsset } from './operations/update-asset.ts';
import { updateTagCategory } from './operations/update-tag-category.ts';
import { updateTagCategoryTags } from './operations/update-tag-category-tags.ts';
import { updateTag } from './operations/update-tag.ts';

/** The operations of Showpad's API v4 that the emulator has. */
export const operations: readonly Operation[] = [
  listAssets,
  createAsset,
  queryAssets,
  getAsset,
  updateAsset,
  deleteAsset,
  listAssetFiles,
  createAssetFile,
  getAssetFile,
  listDivisions,
  getDivision,
  listTags,
  createTag,
  getTag,
  updateTag,
  deleteTag,
  listTagCategories,
  createTagCategory,
  getTagCategory,
  updateTagCategory,
  deleteTagCategory,
  updateTagCategoryTags,
  listUsers,
  getUser,
];
