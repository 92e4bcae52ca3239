import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import type { UpdateAssetBody } from './asset-fields.ts';
import {
  defaultPermissions,
  newAsset,
  type EmulatedAsset,
  type LocalizationVariant,
} from './asset-resource.ts';
import { Problem } from './problem.ts';
import type { ShowpadState } from './showpad-state.ts';

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
    if (!state.tags.has(id)) throw refuse(`tags.${String(index)}.id`, 'The tag does not exist.', 'notFound');
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

/** Sets the fields that the body holds, lists and permissions as a whole, and leaves all others alone. */
export function applyFields(state: ShowpadState, asset: EmulatedAsset, body: UpdateAssetBody): void {
  const { permissions, isArchived, localization, origin: _origin, ...plain } = body;
  Object.assign(asset, plain);
  if (permissions !== undefined) asset.permissions = withDefaults(permissions);
  if (isArchived !== undefined) asset.isArchived = isArchived ?? false;
  if (localization !== undefined) applyLocalization(state, asset, localization);
  asset.updatedAt = state.timestamp();
}

type Localization = NonNullable<UpdateAssetBody['localization']>;

/** Refuses a localization that names assets that do not exist. */
export function checkLocalization(state: ShowpadState, localization: Localization): void {
  if (!state.assets.has(localization.primary.asset.id)) throw unknownAsset('localization.primary.asset.id');
  for (const [index, { asset }] of localization.variants.entries()) {
    if ('id' in asset && !state.assets.has(asset.id)) {
      throw unknownAsset(`localization.variants.${String(index)}.asset.id`);
    }
  }
}

function unknownAsset(name: string): Problem {
  return Problem.invalid(name, 'The asset does not exist.', 'notFound');
}

function applyLocalization(
  state: ShowpadState,
  asset: EmulatedAsset,
  localization: Localization | null,
): void {
  asset.localizationPrimaryId = localization?.primary.asset.id ?? null;
  asset.localizationVariants = (localization?.variants ?? []).map((variant): LocalizationVariant => {
    const { languages, countries, authors } = variant.asset;
    const fields = {
      ...(languages === undefined ? {} : { languages }),
      ...(countries === undefined ? {} : { countries }),
      ...(authors === undefined ? {} : { authors }),
    };
    if ('id' in variant.asset) {
      const linked = state.assets.get(variant.asset.id);
      if (linked !== undefined) Object.assign(linked, fields);
      return { assetId: variant.asset.id, status: 'localized' };
    }
    const placeholder = Object.assign(
      newAsset({
        id: state.newId(),
        slug: randomUUID(),
        name: asset.name,
        division: asset.division,
        type: asset.type,
        createdAt: state.timestamp(),
        listedFromMs: state.now() + state.switches.indexLagMs,
        origin: asset.origin,
      }),
      fields,
    );
    state.assets.set(placeholder.id, placeholder);
    return { assetId: placeholder.id, status: 'to-be-localized' };
  });
}

function isPdf(name: string): boolean {
  return extname(name).toLowerCase() === '.pdf';
}

function withDefaults(given: NonNullable<UpdateAssetBody['permissions']>): EmulatedAsset['permissions'] {
  return {
    isAnnotatable: given.isAnnotatable ?? defaultPermissions.isAnnotatable,
    isEditable: given.isEditable ?? defaultPermissions.isEditable,
    isShareable: given.isShareable ?? defaultPermissions.isShareable,
  };
}
