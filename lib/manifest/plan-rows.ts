import { assetKey, externalIdOf } from '../asset-key.ts';
import { foreseeChange, unknownAsset } from '../foreseen-change.ts';
import type { Services } from '../services.ts';
import { findAssetsByExternalIds } from '../showpad/assets.ts';
import type { Source } from '../sources/source.ts';
import { planRow, type RowPlan } from './plan-row.ts';
import { PlannedNames } from './planned-names.ts';
import type { RowEvent } from './row-event.ts';

export interface Plan {
  readonly rows: readonly RowPlan[];
  /** Calls for names of tags, Divisions and people, by name: each is looked up once, whatever row needs it. */
  readonly names: ReadonlyMap<string, number>;
}

/**
 * Says what an import would do with these rows, and writes nothing. Assets that the table does not know are looked
 * for in Showpad, many in one call.
 * @throws {ShowpadError}
 * @throws {NotYet} when others are first in the line to Showpad
 */
export async function planRows(
  services: Services,
  source: Source,
  events: readonly RowEvent[],
): Promise<Plan> {
  const keyOf = ({ subject }: RowEvent): string => assetKey(source.name, subject);
  const { assets } = await services.assetBatches.read([...new Set(events.map(keyOf))]);
  const known = events.map(
    (event) => assets.get(keyOf(event))?.asset ?? unknownAsset(keyOf(event), source.name, event.subject),
  );
  const sought = known.flatMap((asset, index) => {
    const event = events[index];
    if (event === undefined || asset.applied.assetId !== undefined) return [];
    const { kind } = foreseeChange(asset, event, source.onDelete).step;
    return kind === 'done' || kind === 'superseded' ? [] : [externalIdOf(asset.key)];
  });
  const client = await services.showpad();
  const hits = await findAssetsByExternalIds(client, sought);
  const names = new PlannedNames(await services.names());
  const rows: RowPlan[] = [];
  for (const [index, event] of events.entries()) {
    const asset = known[index] ?? unknownAsset(keyOf(event), source.name, event.subject);
    rows.push(await planRow({ asset, event, source, hits: hits.get(externalIdOf(asset.key)) ?? [], names }));
  }
  return { rows, names: names.calls };
}
