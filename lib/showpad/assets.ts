import * as z from 'zod';
import type { AssetCreate, AssetUpdate } from './asset-fields.ts';
import type { ShowpadClient } from './client.ts';
import { id, reference } from './id.ts';
import { path } from './path.ts';

/** What we read of an asset. Statuses grow: `prepared`, `queued`, `processing`, `active`, `failed`, others. */
export const asset = z.object({
  id,
  currentFile: reference.nullish(),
  name: z.string().nullish(),
  description: z.string().nullish(),
  division: reference.nullish(),
  status: z.string().nullish(),
  type: z.string().nullish(),
  externalId: z.string().nullish(),
  isArchived: z.boolean().nullish(),
  permissions: z
    .object({ isAnnotatable: z.boolean(), isEditable: z.boolean(), isShareable: z.boolean() })
    .partial()
    .nullish(),
  /** MD5 of the uploaded file, in hex. */
  checksum: z.string().nullish(),
  /** In bytes. */
  size: z.number().nullish(),
  tags: z.array(reference).nullish(),
  createdAt: z.string().nullish(),
});
export type Asset = z.infer<typeof asset>;

// Without an externalId in the answer a hit could be any asset: better an error than a wrong adoption.
const assetWithExternalId = asset.extend({ externalId: z.string().nullable() });

const listCall = { api: 'v4', method: 'GET', path: path`/assets`, operation: 'GET /assets' } as const;

/** Addresses of more than about 8,000 characters are refused on their way by many a server. */
const longestList = 4_000;
const mostIdsAtOnce = 50;

/** Filters of `GET /assets`, and-ed. Archived assets are in the answer. */
export interface AssetFilters {
  readonly ids?: readonly string[];
  readonly divisionIds?: readonly string[];
  readonly externalIds?: readonly string[];
  /** Assets that have all of these tags. */
  readonly tagIds?: readonly string[];
  readonly slugs?: readonly string[];
  /** Full or partial. */
  readonly name?: string;
}

/**
 * Creates an asset, which stays invisible until a file of it has been processed. There is no idempotency key:
 * when the error's `outcomeUnknown` is true, look with `findAssetsByExternalId` before trying again.
 * @throws ShowpadError
 */
export function createAsset(client: ShowpadClient, body: AssetCreate): Promise<Asset> {
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/assets`,
    body,
    operation: 'POST /assets',
    schema: asset,
  });
}

/** @throws ShowpadError, status 404 when the asset is absent or not visible to the token */
export function getAsset(client: ShowpadClient, assetId: string): Promise<Asset> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/assets/${assetId}`,
    operation: 'GET /assets/{assetId}',
    schema: asset,
  });
}

/**
 * Everything Showpad says of an asset, known to us or not: for a record of it.
 * @throws ShowpadError, status 404 when the asset is absent or not visible to the token
 */
export function getWholeAsset(client: ShowpadClient, assetId: string): Promise<Record<string, unknown>> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/assets/${assetId}`,
    operation: 'GET /assets/{assetId}',
    schema: z.record(z.string(), z.unknown()),
  });
}

/**
 * The assets with exactly this external id: Showpad promises neither that it is unique nor that a fresh asset
 * is found at once. Archived ones are among them.
 * @throws ShowpadError; RangeError for an external id with a comma in it
 */
export async function findAssetsByExternalId(client: ShowpadClient, externalId: string): Promise<Asset[]> {
  const call = { ...listCall, query: { externalIds: [externalId] } };
  const assets: Asset[] = [];
  for await (const found of client.paginate(call, assetWithExternalId)) {
    if (found.externalId === externalId) assets.push(found);
  }
  return assets;
}

/**
 * The assets with any of these external ids, in as few calls as their lengths allow; as `findAssetsByExternalId`
 * says, more than one may carry an id, and archived ones are among them.
 * @throws ShowpadError; RangeError for an external id with a comma in it
 */
export async function findAssetsByExternalIds(
  client: ShowpadClient,
  externalIds: readonly string[],
): Promise<Map<string, Asset[]>> {
  const found = new Map<string, Asset[]>();
  const left = [...externalIds];
  while (left.length > 0) {
    const some: string[] = [];
    for (let length = 0; left.length > 0;) {
      const [next = ''] = left;
      length += encodeURIComponent(next).length + 1;
      if (some.length > 0 && (length > longestList || some.length === mostIdsAtOnce)) break;
      some.push(next);
      left.shift();
    }
    const call = { ...listCall, query: { externalIds: some }, urgency: 'low' as const };
    for await (const one of client.paginate(call, assetWithExternalId)) {
      if (one.externalId === null || !some.includes(one.externalId)) continue;
      found.set(one.externalId, [...(found.get(one.externalId) ?? []), one]);
    }
  }
  return found;
}

/** @throws ShowpadError */
export function listAssets(
  client: ShowpadClient,
  filters: AssetFilters = {},
): AsyncGenerator<Asset, void, undefined> {
  return client.paginate({ ...listCall, query: { ...filters } }, asset);
}

/**
 * Changes the fields that `body` holds and leaves the others alone; lists are replaced whole. Repeating it is
 * harmless, but another writer may have been in between, so it is not repeated here.
 * @throws ShowpadError
 */
export function updateAsset(client: ShowpadClient, assetId: string, body: AssetUpdate): Promise<Asset> {
  return client.request({
    api: 'v4',
    method: 'POST',
    path: path`/assets/${assetId}`,
    body,
    operation: 'POST /assets/{assetId}',
    schema: asset,
  });
}

/**
 * Deletes for good; `isArchived` is the way that can be undone.
 * @throws ShowpadError, status 404 when the asset is gone already or not visible to the token
 */
export async function deleteAsset(client: ShowpadClient, assetId: string): Promise<void> {
  await client.request({
    api: 'v4',
    method: 'DELETE',
    path: path`/assets/${assetId}`,
    operation: 'DELETE /assets/{assetId}',
    schema: z.unknown(),
  });
}
