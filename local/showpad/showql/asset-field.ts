import type { EmulatedAsset } from '../asset-resource.ts';

/** Something that ShowQL can ask of an asset, by the kind of its value. */
export type AssetField =
  | { readonly kind: 'text' | 'time'; readonly read: (asset: EmulatedAsset) => string | null }
  | { readonly kind: 'reference'; readonly read: (asset: EmulatedAsset) => string }
  | { readonly kind: 'number'; readonly read: (asset: EmulatedAsset) => number }
  | { readonly kind: 'truth'; readonly read: (asset: EmulatedAsset) => boolean }
  | { readonly kind: 'list'; readonly read: (asset: EmulatedAsset) => readonly string[] };

/**
 * The fields that Showpad's documents and public clients show in queries. There is no evidence that others, such
 * as externalId, can be asked for.
 */
const fields: ReadonlyMap<string, AssetField> = new Map<string, AssetField>([
  ['name', { kind: 'text', read: ({ name }) => name }],
  ['type', { kind: 'text', read: ({ type }) => type }],
  ['views', { kind: 'number', read: ({ views }) => views }],
  ['likes', { kind: 'number', read: ({ likes }) => likes }],
  ['createdAt', { kind: 'time', read: ({ createdAt }) => createdAt }],
  ['updatedAt', { kind: 'time', read: ({ updatedAt }) => updatedAt }],
  ['expiresAt', { kind: 'time', read: ({ expiresAt }) => expiresAt }],
  ['archivedAt', { kind: 'time', read: ({ archivedAt }) => archivedAt }],
  ['languages', { kind: 'list', read: ({ languages }) => languages.map(({ code }) => code) }],
  ['countries', { kind: 'list', read: ({ countries }) => countries.map(({ code }) => code) }],
  ['tags', { kind: 'list', read: ({ tags }) => tags.map(({ id }) => id) }],
  ['division', { kind: 'reference', read: ({ division }) => division.id }],
  ['isShareable', { kind: 'truth', read: ({ permissions }) => permissions.isShareable }],
  ['isDivisionShared', { kind: 'truth', read: ({ isDivisionShared }) => isDivisionShared }],
]);

export function assetField(name: string): AssetField | undefined {
  return fields.get(name);
}
