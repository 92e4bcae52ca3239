import { extname } from 'node:path';
import type { CreateAssetBody, UpdateAssetBody } from './asset-fields.ts';
import { defaultPermissions, type EmulatedAsset } from './asset-resource.ts';
import { applyLocalization } from './localization.ts';
import { Problem } from './problem.ts';
import type { ShowpadState } from './showpad-state.ts';

/** Refuses with 400 the fields that the switch `refusedFields` names, all of them at once. */
export function refuseFields({ switches }: ShowpadState, body: CreateAssetBody | UpdateAssetBody): void {
  const meta = switches.refusedFields
    .filter((name) => hasField(body, name.split('.')))
    .map((name) => ({ name, reason: 'The property cannot be set.', category: 'propertyNotEditable' }));
  if (meta.length > 0) throw new Problem(400, { meta });
}

function hasField(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
  return hasField(Object.entries(value).find(([key]) => key === name)?.[1], rest);
}

/**
 * Refuses what the schema alone cannot see: references to nothing, permissions that the asset's type does not
 * have, sharing that the Division does not allow, and the switches about externalId.
 */
export function checkFields(
  state: ShowpadState,
  asset: Pick<EmulatedAsset, 'id' | 'name' | 'division'>,
  body: UpdateAssetBody,
  unknownReferenceStatus: 400 | 404,
): void {
  const refuse = (name: string, reason: string, category?: string) =>
    Problem.invalid(name, reason, category, unknownReferenceStatus);
  for (const [index, { id }] of (body.tags ?? []).entries()) {
    const field = `tags.${String(index)}.id`;
    const tag = state.tags.get(id);
    if (tag === undefined) throw refuse(field, 'The tag does not exist.', 'notFound');
    const isOfThisDivision = tag.division.id === asset.division.id;
    if (!isOfThisDivision && !tag.isDivisionShared && state.switches.tagsOfOtherDivisions === 'refused') {
      throw Problem.invalid(field, 'The tag belongs to another Division and is not shared.');
    }
  }
  for (const [index, { id }] of (body.authors ?? []).entries()) {
    if (!state.users.has(id))
      throw refuse(`authors.${String(index)}.id`, 'The user does not exist.', 'notFound');
  }
  if (body.permissions?.isEditable !== undefined && isPdf(body.name ?? asset.name)) {
    throw Problem.invalid('permissions.isEditable', 'The permission is not applicable to PDF assets.');
  }
  if (
    body.isDivisionShared === true &&
    state.divisions.get(asset.division.id)?.isAssetSharingEnabled !== true
  ) {
    throw Problem.invalid('isDivisionShared', 'Asset sharing is not enabled on the Division.');
  }
  if (typeof body.url === 'string' && extname(body.name ?? asset.name).toLowerCase() !== '.url') {
    throw Problem.invalid('name', 'The name of a URL asset must have the extension .url.');
  }
  if (typeof body.externalId === 'string') checkExternalId(state, asset.id, body.externalId);
}

function checkExternalId(state: ShowpadState, assetId: string, externalId: string): void {
  const { externalIdRefused, externalIdUnique } = state.switches;
  if (externalIdRefused !== null) {
    const reason = 'Only editable when the application owns the asset.';
    throw Problem.invalid('externalId', reason, 'propertyNotEditable', externalIdRefused);
  }
  if (!externalIdUnique) return;
  for (const other of state.assets.values()) {
    if (other.id !== assetId && other.externalId === externalId) {
      throw Problem.invalid('externalId', 'The value is used by another asset.', 'notUnique', 409);
    }
  }
}

/** Sets the fields that the body holds, lists as a whole, leaves all others alone, and saves the asset. */
export function applyFields(state: ShowpadState, asset: EmulatedAsset, body: UpdateAssetBody): void {
  const { permissions, isArchived, localization, origin: _origin, ...plain } = body;
  Object.assign(asset, plain);
  if (permissions !== undefined) {
    const left = state.switches.partialPermissions === 'reset' ? defaultPermissions : asset.permissions;
    asset.permissions = withDefaults(permissions, left);
  }
  if (isArchived !== undefined) {
    asset.isArchived = isArchived ?? false;
    asset.archivedAt = asset.isArchived ? (asset.archivedAt ?? state.timestamp()) : null;
  }
  asset.updatedAt = state.timestamp();
  if (localization !== undefined) applyLocalization(state, asset, localization);
  state.saveAsset(asset);
}

function isPdf(name: string): boolean {
  return extname(name).toLowerCase() === '.pdf';
}

function withDefaults(
  given: NonNullable<UpdateAssetBody['permissions']>,
  defaults: EmulatedAsset['permissions'],
): EmulatedAsset['permissions'] {
  return {
    isAnnotatable: given.isAnnotatable ?? defaults.isAnnotatable,
    isEditable: given.isEditable ?? defaults.isEditable,
    isShareable: given.isShareable ?? defaults.isShareable,
  };
}
