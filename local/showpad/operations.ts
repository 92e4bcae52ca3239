import type { Operation } from './operation.ts';
import { createAssetFile } from './operations/create-asset-file.ts';
import { createAsset } from './operations/create-asset.ts';
import { createTag } from './operations/create-tag.ts';
import { deleteAsset } from './operations/delete-asset.ts';
import { deleteTag } from './operations/delete-tag.ts';
import { getAssetFile } from './operations/get-asset-file.ts';
import { getAsset } from './operations/get-asset.ts';
import { getDivision } from './operations/get-division.ts';
import { getTag } from './operations/get-tag.ts';
import { getUser } from './operations/get-user.ts';
import { listAssetFiles } from './operations/list-asset-files.ts';
import { listAssets } from './operations/list-assets.ts';
import { listDivisions } from './operations/list-divisions.ts';
import { listTags } from './operations/list-tags.ts';
import { listUsers } from './operations/list-users.ts';
import { updateAsset } from './operations/update-asset.ts';
import { updateTag } from './operations/update-tag.ts';

/** The operations of Showpad's API v4 that the emulator has. */
export const operations: readonly Operation[] = [
  listAssets,
  createAsset,
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
  listUsers,
  getUser,
];
