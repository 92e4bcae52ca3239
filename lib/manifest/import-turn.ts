import type { EventOrigin } from '../accept-events.ts';
import { hasEnded } from '../jobs.ts';
import type { MessageInvocation } from '../handlers.ts';
import { acceptRows, type GoodRow } from './accept-rows.ts';
import { checkManifest, describeFault, type ManifestCheck } from './check-manifest.ts';
import type { Import, ImportChanges, ImportCounts } from './imports.ts';
import { importObject, openManifest, readObject, sliceObject, writeObject } from './manifest-object.ts';
import { readManifest, type ManifestRow } from './read-manifest.ts';
import { theBeginning } from './record-reader.ts';
import type { RowPlace } from './row-event.ts';
import type { RowNote } from './row-result.ts';

/** What a turn has changed, and when the next one is due; null when there is none. */
export interface TurnOutcome {
  readonly changes: ImportChanges;
  readonly nextInSeconds: number | null;
}

/** How many rows one turn accepts. */
const sliceRows = 250;
/**
 * How many jobs of an import may be open at once: enough to keep every function busy, few enough for the polls of
 * files in processing to stay below Showpad's pace.
 */
const mostOpen = 1_000;
const longestQuietSeconds = 15;

/** The event of each row of an import: always the same, so that no row can become two. */
export function placeOf(
  { id, source, createdAt }: Pick<Import, 'id' | 'source' | 'createdAt'>,
  bucket: string,
): (row: number) => RowPlace {
  const time = new Date(createdAt);
  return (row) => ({ source, eventId: `import/${id}/${row}`, time, bucket });
}

/**
 * Checks the whole file. Where it is wrong nothing of it is imported, unless wrong rows are to be passed over.
 * @throws {ManifestGoneError}
 */
export async function checkTurn(
  { services, signal }: MessageInvocation,
  record: Import,
): Promise<TurnOutcome> {
  const inbox = await services.inbox();
  const place = placeOf(record, inbox.bucket);
  const open = () => openManifest(inbox, record, 0, signal);
  const check = await checkManifest(open, { format: record.format, place });
  const { rows, invalidRows, faults, faultCount, duplicates } = check;
  if (isRefused(record, check)) {
    const changes = { state: 'refused', rows, invalidRows, faults, faultCount } as const;
    return { changes, nextInSeconds: null };
  }
  if (duplicates.length > 0) {
    await writeObject(inbox, importObject(record.id, 'duplicates.json'), JSON.stringify(duplicates));
  }
  return { changes: { state: 'running', rows, invalidRows, faults, faultCount }, nextInSeconds: 0 };
}

function isRefused({ skipInvalid }: Import, { isReadable, invalidRows }: ManifestCheck): boolean {
  return !isReadable || (invalidRows > 0 && !skipInvalid);
}

/**
 * Looks at the jobs that are open and, where there is room, accepts the next rows.
 * @throws {ManifestGoneError}
 */
export async function runTurn(
  { services, signal }: MessageInvocation,
  record: Import,
  origin: EventOrigin,
): Promise<TurnOutcome> {
  const looked = await lookAtJobs(record, services.assetBatches);
  const room = Math.min(sliceRows, mostOpen - looked.open.length);
  // A slice of few rows costs as much as one of many.
  const hasRoom = room >= Math.min(sliceRows, mostOpen / 4);
  if (record.isReadToEnd === true || !hasRoom) {
    const isOver = record.isReadToEnd === true && looked.open.length === 0;
    const isQuiet = looked.open.length === record.open.length;
    const quietTurns = isQuiet ? record.quietTurns + 1 : 0;
    const changes = { ...looked, quietTurns, error: null, ...(isOver && { state: 'reporting' as const }) };
    return { changes, nextInSeconds: isOver ? 0 : Math.min(longestQuietSeconds, 1 + quietTurns) };
  }
  const inbox = await services.inbox();
  const slice = await readSlice(record, room, signal, inbox);
  const passedOver = await duplicatesOf(record, inbox);
  const good: GoodRow[] = [];
  const notes: RowNote[] = [];
  for (const row of slice.rows) {
    const { line } = row;
    if ('faults' in row)
      notes.push({ row: row.row, line, subject: null, jobId: null, fault: faultText(row) });
    else if (passedOver.has(row.row)) {
      const fault = 'another row names this subject';
      notes.push({ row: row.row, line, subject: row.event.subject, jobId: null, fault });
    } else good.push({ row: row.row, line, event: row.event });
  }
  notes.push(...(await acceptRows(services, record.id, origin, good)));
  notes.sort((left, right) => left.row - right.row);
  const lines = notes.map((note) => JSON.stringify(note));
  if (notes.length > 0) {
    await writeObject(inbox, sliceObject(record.id, record.slices), `${lines.join('\n')}\n`);
  }
  const accepted = notes.flatMap(({ jobId }) => jobId ?? []);
  const unchanged = good.length - accepted.length;
  const { counts } = looked;
  return {
    changes: {
      open: [...looked.open, ...accepted],
      counts: { ...counts, unchanged: counts.unchanged + unchanged },
      slices: record.slices + (notes.length > 0 ? 1 : 0),
      isReadToEnd: slice.isEnd,
      quietTurns: 0,
      error: null,
      ...(slice.columns !== undefined && { columns: slice.columns }),
      ...(slice.position !== undefined && { position: slice.position }),
    },
    nextInSeconds: 0,
  };
}

async function lookAtJobs(
  record: Import,
  batches: MessageInvocation['services']['assetBatches'],
): Promise<{ open: string[]; counts: ImportCounts }> {
  const { jobs } = await batches.read([], record.open);
  const counts = { ...record.counts };
  const open = record.open.filter((id) => {
    const job = jobs.get(id);
    // One that is gone was kept for 45 days.
    if (job !== undefined && !hasEnded(job)) return true;
    const state = job?.state === 'done' || job?.state === 'superseded' ? job.state : 'failed';
    counts[state] += 1;
    return false;
  });
  return { open, counts };
}

async function readSlice(
  record: Import,
  mostRows: number,
  signal: AbortSignal,
  inbox: Parameters<typeof openManifest>[0],
): Promise<{
  rows: ManifestRow[];
  isEnd: boolean;
  position: Import['position'];
  columns: readonly string[] | undefined;
}> {
  const from = record.position ?? theBeginning;
  let { columns } = record;
  const rows: ManifestRow[] = [];
  const chunks = await openManifest(inbox, record, from.offset, signal);
  const reading = {
    format: record.format,
    place: placeOf(record, inbox.bucket),
    columns,
    from,
    onHeader: (header: readonly string[]) => {
      columns = header;
    },
  };
  let isEnd = true;
  for await (const some of readManifest(chunks, reading)) {
    rows.push(...some.slice(0, mostRows - rows.length));
    if (rows.length < mostRows) continue;
    isEnd = false;
    break;
  }
  return { rows, isEnd, position: rows.at(-1)?.next, columns };
}

/** Where rows are passed over, those are too that name a subject again. */
async function duplicatesOf(
  { id, skipInvalid, faults }: Import,
  inbox: Parameters<typeof readObject>[0],
): Promise<ReadonlySet<number>> {
  if (!skipInvalid || faults.length === 0) return new Set();
  const text = await readObject(inbox, importObject(id, 'duplicates.json')).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NoSuchKey') return '[]';
    throw error;
  });
  return new Set(JSON.parse(text) as number[]);
}

function faultText(row: Extract<ManifestRow, { faults: unknown }>): string {
  return row.faults
    .map(({ column, message }) => describeFault({ line: row.line, column, message }))
    .join('; ');
}
