import { acceptEvents, isUnaccepted, type EventOrigin } from '../accept-events.ts';
import { assetKey } from '../asset-key.ts';
import { contentOnly, foreseeChange, unknownAsset, type ForeseenChange } from '../foreseen-change.ts';
import { jobId, type ImportedRow, type Job } from '../jobs.ts';
import type { Services } from '../services.ts';
import { StateTooLargeError } from '../state-size.ts';
import type { ManifestRow } from './read-manifest.ts';
import type { RowEvent } from './row-event.ts';
import type { RowNote } from './row-result.ts';

const rowsAtOnce = 50;
const writesAtOnce = 8;

/** A row that can be accepted. */
export interface GoodRow extends Pick<ManifestRow, 'row' | 'line'> {
  readonly event: RowEvent;
}

/**
 * Accepts rows of an import as events. Where Showpad holds already what a row asks for, by what the table knows and
 * the row proves, its wishes are laid into the state, and no job is made. Safe to repeat: a row has one event id.
 * @throws {Error} when something could not be stored: all of them have to be accepted again
 */
export async function acceptRows(
  services: Services,
  importId: string,
  origin: EventOrigin,
  rows: readonly GoodRow[],
): Promise<RowNote[]> {
  const notes: RowNote[] = [];
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    notes.push(...(await acceptSome(services, importId, origin, rows.slice(start, start + rowsAtOnce))));
  }
  return notes;
}

async function acceptSome(
  services: Services,
  importId: string,
  origin: EventOrigin,
  rows: readonly GoodRow[],
): Promise<RowNote[]> {
  const ids = rows.map(({ event }) => jobId(origin.name, event.id));
  const keys = rows.map(({ event }) => assetKey(origin.name, event.subject));
  const { assets, jobs } = await services.assetBatches.read(keys, ids);
  const ahead: GoodRow[] = [];
  const marks = new Map<string, ImportedRow>();
  const known = new Map<string, Job>();
  const noted = new Map<number, string | null>();
  await eachOf(rows, writesAtOnce, async (row, index) => {
    const { event } = row;
    const id = ids[index] ?? '';
    const key = keys[index] ?? '';
    const job = jobs.get(id);
    if (job !== undefined && !isUnaccepted(job)) {
      noted.set(row.row, id);
      return;
    }
    const found = assets.get(key);
    const asset = found?.asset ?? unknownAsset(key, origin.name, event.subject);
    const foreseen = foreseeChange(asset, event, origin.onDelete);
    const isRight = foreseen.step.kind === 'done' || foreseen.step.kind === 'superseded';
    if (job === undefined && found !== undefined && (isRight || foreseen.sameFile !== null)) {
      const desired = isRight ? foreseen.asset.desired : contentOnly(asset.desired, event, foreseen.wishes);
      const isSettled = await settle(services, found, desired, foreseen);
      if (isRight && isSettled) {
        noted.set(row.row, null);
        return;
      }
    }
    if (job !== undefined) known.set(event.id, job);
    const { changesMetadata, sameFile } = foreseen;
    marks.set(event.id, { id: importId, row: row.row, changesMetadata, keepsFile: sameFile !== null });
    noted.set(row.row, id);
    ahead.push(row);
  });
  const events = ahead.map(({ event }) => event);
  await acceptEvents(origin, events, services, { jobs: known, imports: marks });
  return rows.map(({ row, line, event }) => ({
    row,
    line,
    subject: event.subject,
    jobId: noted.get(row) ?? null,
  }));
}

async function settle(
  { assetBatches }: Services,
  found: Parameters<Services['assetBatches']['settle']>[0],
  desired: ForeseenChange['asset']['desired'],
  { sameFile }: ForeseenChange,
): Promise<boolean> {
  try {
    return await assetBatches.settle(found, desired, sameFile ?? undefined);
  } catch (error) {
    // Its job will say so.
    if (error instanceof StateTooLargeError) return false;
    throw error;
  }
}

async function eachOf<Item>(
  items: readonly Item[],
  atOnce: number,
  task: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const [index, item] of left) await task(item, index);
    }),
  );
}
