import { randomUUID } from 'node:crypto';
import type { UpdateAssetBody } from './asset-fields.ts';
import type { EmulatedAsset, LocalizationVariant } from './asset-resource.ts';
import { Problem } from './problem.ts';
import type { ShowpadState } from './showpad-state.ts';

type Localization = NonNullable<UpdateAssetBody['localization']>;

/**
 * Refuses with 400 a localization that names assets or authors that do not exist, that leaves out the asset it is
 * set on, or that takes an asset away from another localization. The documents tell of none of the last two:
 * whoever keeps to them is right whatever Showpad does.
 */
export function checkLocalization(
  state: ShowpadState,
  asset: EmulatedAsset,
  { primary, variants }: Localization,
): void {
  checkMember(state, primary.asset.id, primary.asset.id, 'localization.primary.asset.id');
  for (const [index, variant] of variants.entries()) {
    const name = `localization.variants.${String(index)}.asset`;
    if ('id' in variant.asset) checkMember(state, variant.asset.id, primary.asset.id, `${name}.id`);
    for (const [author, { id }] of (variant.asset.authors ?? []).entries()) {
      if (state.users.has(id)) continue;
      throw Problem.invalid(`${name}.authors.${String(author)}.id`, 'The user does not exist.', 'notFound');
    }
  }
  const members = [primary, ...variants].map((member) => ('id' in member.asset ? member.asset.id : null));
  if (!members.includes(asset.id)) {
    throw Problem.invalid('localization', 'The asset must be the primary or one of the variants.');
  }
}

function checkMember(state: ShowpadState, id: string, primaryId: string, name: string): void {
  const member = state.assets.get(id);
  if (member === undefined) throw Problem.invalid(name, 'The asset does not exist.', 'notFound');
  const { localizationPrimaryId: current } = member;
  if (current !== null && current !== primaryId && state.assets.has(current)) {
    throw Problem.invalid(name, 'The asset belongs to another localization.');
  }
}

/**
 * Sets the localization of an asset and of all that are in it; the list of variants is replaced whole, and a
 * variant without an id becomes a new placeholder each time. Null takes a variant out, and ends the localization
 * of a primary.
 */
export function applyLocalization(
  state: ShowpadState,
  asset: EmulatedAsset,
  localization: Localization | null,
): void {
  if (localization === null) {
    leaveLocalization(state, asset);
    return;
  }
  const primary = state.assets.get(localization.primary.asset.id);
  if (primary === undefined) throw new Error('The localization must be checked before it is applied.');
  const before = primary.localizationVariants;
  primary.localizationPrimaryId = primary.id;
  primary.localizationVariants = localization.variants.map((variant) =>
    join(state, primary, variant, before),
  );
  const kept = new Set([primary.id, ...primary.localizationVariants.map(({ assetId }) => assetId)]);
  for (const { assetId } of before) {
    const left = state.assets.get(assetId);
    if (left !== undefined && !kept.has(assetId)) save(state, left, { localizationPrimaryId: null });
  }
  state.saveAsset(primary);
}

function join(
  state: ShowpadState,
  primary: EmulatedAsset,
  variant: Localization['variants'][number],
  before: readonly LocalizationVariant[],
): LocalizationVariant {
  const { languages, countries, authors } = variant.asset;
  const fields = {
    ...(languages === undefined ? {} : { languages }),
    ...(countries === undefined ? {} : { countries }),
    ...(authors === undefined ? {} : { authors }),
    localizationPrimaryId: primary.id,
  };
  if (!('id' in variant.asset)) {
    const placeholder = createPlaceholder(state, primary);
    save(state, placeholder, fields);
    return { assetId: placeholder.id, status: 'to-be-localized' };
  }
  const { id } = variant.asset;
  const linked = state.assets.get(id);
  if (linked !== undefined) save(state, linked, fields);
  return before.find(({ assetId }) => assetId === id) ?? { assetId: id, status: 'localized' };
}

/** An asset with the properties of the primary, whose binary it refers to until it gets one of its own. */
function createPlaceholder(state: ShowpadState, primary: EmulatedAsset): EmulatedAsset {
  const createdAt = state.timestamp();
  return {
    ...primary,
    id: state.newId(),
    slug: randomUUID(),
    externalId: null,
    createdAt,
    updatedAt: createdAt,
    localizationVariants: [],
    views: 0,
    likes: 0,
    listedFromMs: state.now() + state.switches.indexLagMs,
    files: [],
  };
}

function leaveLocalization(state: ShowpadState, asset: EmulatedAsset): void {
  const { localizationPrimaryId: primaryId } = asset;
  const primary = primaryId === null ? undefined : state.assets.get(primaryId);
  asset.localizationPrimaryId = null;
  if (primary === undefined) return;
  if (primary !== asset) {
    const remaining = primary.localizationVariants.filter(({ assetId }) => assetId !== asset.id);
    save(state, primary, { localizationVariants: remaining });
    return;
  }
  for (const { assetId } of asset.localizationVariants) {
    const variant = state.assets.get(assetId);
    if (variant !== undefined) save(state, variant, { localizationPrimaryId: null });
  }
  asset.localizationVariants = [];
}

function save(state: ShowpadState, asset: EmulatedAsset, fields: Partial<EmulatedAsset>): void {
  Object.assign(asset, fields, { updatedAt: state.timestamp() });
  state.saveAsset(asset);
}
