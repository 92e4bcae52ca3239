import type { Asset } from '../asset-state.ts';
import type { Job } from '../jobs.ts';

/** What has become of a row of a slice: the note that the report is made from. */
export interface RowNote {
  readonly row: number;
  readonly line: number;
  /** Null for a row that could not be read. */
  readonly subject: string | null;
  /** The job of its event; null where none was needed. */
  readonly jobId: string | null;
  /** What is wrong with it, where it was passed over. */
  readonly fault?: string;
}

/** What a row brings about, or would: the words of a plan and of a result are the same. */
export type Change = 'create' | 'new version' | 'metadata' | 'unchanged' | 'problem';

/** A line of the result file. */
export interface RowResult {
  readonly row: number;
  readonly line: number;
  readonly subject: string | null;
  readonly change: Change;
  /** The state its job ended in; `unchanged` and `invalid` rows have none. */
  readonly state: string;
  readonly reason: string | null;
  readonly showpadId: string | null;
  /** Of the file that Showpad holds for it. */
  readonly bytes: number | null;
  readonly seconds: number | null;
}

export const resultColumns = [
  'row',
  'line',
  'subject',
  'change',
  'state',
  'reason',
  'showpadId',
  'bytes',
  'seconds',
] as const satisfies readonly (keyof RowResult)[];

/** What has become of a row, by its job and its asset as they are now. */
export function resultOf(note: RowNote, job: Job | undefined, asset: Asset | undefined): RowResult {
  const { row, line, subject, jobId, fault } = note;
  const { assetId = null } = asset?.applied ?? {};
  const bytes = asset?.applied.usableFile?.size ?? null;
  const own = { row, line, subject };
  if (fault !== undefined) {
    const nothing = { showpadId: null, bytes: null, seconds: null };
    return { ...own, change: 'problem', state: 'invalid', reason: fault, ...nothing };
  }
  if (jobId === null) {
    return {
      ...own,
      change: 'unchanged',
      state: 'unchanged',
      reason: null,
      showpadId: assetId,
      bytes,
      seconds: null,
    };
  }
  const showpadId = job?.showpad.assetId ?? assetId;
  if (job === undefined) {
    const reason = 'Its job is not kept any more.';
    return { ...own, change: 'problem', state: 'unknown', reason, showpadId, bytes, seconds: null };
  }
  const { error } = job;
  return {
    ...own,
    change: changeOf(job, asset),
    state: job.state,
    reason: error === null ? null : `${error.code}: ${error.message}`,
    showpadId,
    bytes,
    seconds: (Date.parse(job.updatedAt) - Date.parse(job.createdAt)) / 1_000,
  };
}

function changeOf({ state, order, import: row }: Job, asset: Asset | undefined): Change {
  if (state === 'failed') return 'problem';
  if (state === 'superseded' || asset === undefined) return 'unchanged';
  const { madeFor, file } = asset.applied;
  if (madeFor === order) return 'create';
  if (file?.order === order && row?.keepsFile !== true) return 'new version';
  return row?.changesMetadata === true ? 'metadata' : 'unchanged';
}

/** A line of the result as CSV. A spreadsheet would run what looks like a formula: it is marked as text. */
export function csvLine(values: readonly (string | number | null)[]): string {
  return values.map(csvCell).join(',');
}

function csvCell(value: string | number | null): string {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
