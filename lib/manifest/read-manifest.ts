import { headerFault } from './columns.ts';
import {
  RecordReader,
  theBeginning,
  type ManifestFormat,
  type ManifestRecord,
  type Position,
} from './record-reader.ts';
import { parseRow, type RowEvent, type RowFault, type RowPlace } from './row-event.ts';

/** What a manifest says in one of its rows. */
export type ManifestRow = Pick<ManifestRecord, 'line' | 'row' | 'next'> &
  ({ readonly event: RowEvent } | { readonly faults: readonly RowFault[]; readonly isEnd?: boolean });

/** How the rows of one file are read: which event each is, and where reading begins. */
export interface Reading {
  readonly format: ManifestFormat;
  readonly place: (row: number) => RowPlace;
  /** For a CSV file that is read from the middle: its columns. */
  readonly columns?: readonly string[] | undefined;
  readonly from?: Position;
  /** Told of the header, once it was read. */
  readonly onHeader?: (columns: readonly string[]) => void;
}

/** The format that the name of a manifest tells; null for any other file. */
export function formatOf(fileName: string): ManifestFormat | null {
  if (/\.csv$/i.test(fileName)) return 'csv';
  return /\.(?:jsonl|ndjson)$/i.test(fileName) ? 'jsonl' : null;
}

/**
 * Reads a manifest row by row, those that a piece of the file ends with each: few waits for many rows. A file without
 * a usable header ends with its fault, in row 0.
 */
export async function* readManifest(
  chunks: AsyncIterable<Buffer>,
  { format, place, columns, from = theBeginning, onHeader }: Reading,
): AsyncGenerator<ManifestRow[]> {
  const reader = new RecordReader(format, from);
  let header = format === 'csv' ? columns : [];
  let isEnded = false;
  function* rowsOf(records: Iterable<ManifestRecord>): Generator<ManifestRow> {
    for (const record of records) {
      if (header !== undefined) {
        yield toRow(record, header, place);
        continue;
      }
      const fault = headerProblem(record);
      if (fault === null && 'cells' in record) {
        header = record.cells;
        onHeader?.(header);
      } else {
        isEnded = true;
        yield { ...pick(record), faults: [{ column: '', message: fault ?? '' }], isEnd: true };
        return;
      }
    }
  }
  for await (const chunk of chunks) {
    yield [...rowsOf(reader.push(chunk))];
    if (isEnded) return;
  }
  yield [...rowsOf(reader.end())];
  if (header === undefined && !isEnded) {
    const faults = [{ column: '', message: 'is missing: the file is empty' }];
    yield [{ line: 1, row: 0, next: theBeginning, faults, isEnd: true }];
  }
}

function headerProblem(record: ManifestRecord): string | null {
  if ('fault' in record) return record.fault;
  return 'cells' in record ? headerFault(record.cells) : null;
}

function toRow(
  record: ManifestRecord,
  header: readonly string[],
  place: (row: number) => RowPlace,
): ManifestRow {
  if ('fault' in record) {
    const { fault, isEnd } = record;
    return { ...pick(record), faults: [{ column: '', message: fault }], isEnd };
  }
  const values = 'cells' in record ? byColumn(record.cells, header) : fromJson(record.text);
  if (typeof values === 'string') return { ...pick(record), faults: [{ column: '', message: values }] };
  return { ...pick(record), ...parseRow(values, place(record.row)) };
}

function pick({ line, row, next }: ManifestRecord): Pick<ManifestRecord, 'line' | 'row' | 'next'> {
  return { line, row, next };
}

function byColumn(cells: readonly string[], header: readonly string[]): Record<string, string> | string {
  if (cells.length !== header.length) {
    return `has ${cells.length} cells where the header has ${header.length} columns`;
  }
  return Object.fromEntries(header.map((name, index) => [name, cells[index] ?? '']));
}

function fromJson(text: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    return 'must be a JSON object';
  } catch {
    return 'is not JSON';
  }
}
