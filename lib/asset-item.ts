import { assetKey, assetPartition } from './asset-key.ts';
import type { Asset } from './asset-state.ts';
import type { ItemKey } from './leases.ts';

/** Where the state of an asset, and its lease, are kept. */
export function assetStateKey(key: string): ItemKey {
  return { pk: assetPartition(key), sk: 'STATE' };
}

/** The asset that an item of the table holds. */
export function assetOf(item: Record<string, unknown>): Asset {
  const { desired, applied, source, subject, staged, intent } = item;
  return {
    key: assetKey(String(source), String(subject)),
    source,
    subject,
    desired,
    applied,
    ...(staged !== undefined && { staged }),
    ...(intent !== undefined && { intent }),
  } as Asset;
}

/** The asset that an item holds for whoever reads it without having its lease. */
export function assetAsRead(item: Record<string, unknown>, now: Date): Asset {
  const asset = assetOf(item);
  const { leasedUntil, leasedGeneration } = item;
  const isHeld = typeof leasedUntil === 'number' && leasedUntil > now.getTime();
  return isHeld && leasedGeneration !== asset.desired.generation
    ? { ...asset, hasUnawareWriter: true }
    : asset;
}
