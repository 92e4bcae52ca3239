import { nothingApplied, type AppliedState, type CreateIntent } from './asset-state.ts';

/** Parts of what is known of an asset in Showpad; an undefined one is forgotten. */
export type KnownParts = { readonly [Part in keyof AppliedState]?: AppliedState[Part] | undefined } & {
  readonly intent?: CreateIntent | undefined;
};

/** Everything that is forgotten with an asset that is gone. */
export const nothingKnown = {
  ...nothingApplied,
  assetId: undefined,
  divisionId: undefined,
  lifecycle: undefined,
  madeFor: undefined,
  oldest: undefined,
  unsure: undefined,
  url: undefined,
  file: undefined,
  usableFile: undefined,
} as const satisfies KnownParts;

/**
 * Puts parts into an update expression of DynamoDB for the item of the asset.
 * @param removed attributes that are removed beside them
 */
export function writeParts(parts: KnownParts, removed: readonly string[]) {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const sets: string[] = [];
  const removes = [...removed];
  for (const [index, [part, value]] of Object.entries(parts).entries()) {
    names[`#part${index}`] = part;
    const path = part === 'intent' ? `#part${index}` : `applied.#part${index}`;
    if (value === undefined) removes.push(path);
    else {
      sets.push(`${path} = :part${index}`);
      values[`:part${index}`] = value;
    }
  }
  const expression = [
    ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
    ...(removes.length > 0 ? [`REMOVE ${removes.join(', ')}`] : []),
  ].join(' ');
  return { expression, names, values };
}
