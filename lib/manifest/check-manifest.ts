import { readManifest, type Reading } from './read-manifest.ts';
import { SubjectSearch, type Share } from './subject-search.ts';

/** One thing that is wrong with a manifest, for a person. */
export interface ManifestFault {
  readonly line: number;
  /** Empty when it is the line as a whole. */
  readonly column: string;
  readonly message: string;
}

export interface ManifestCheck {
  readonly rows: number;
  /** Rows that are wrong by themselves, or name a subject that an earlier row names. */
  readonly invalidRows: number;
  /** The rows that name a subject again: to skip what is wrong with a file means to skip these. */
  readonly duplicates: readonly number[];
  /** The first of what is wrong, in the order of lines. */
  readonly faults: readonly ManifestFault[];
  readonly faultCount: number;
  /** Whether the file could be read to its end: where it could not, nothing of it can be imported. */
  readonly isReadable: boolean;
}

export const mostFaults = 100;
const mostDuplicates = 100_000;

/**
 * Checks a whole manifest, in bounded memory. Never throws for what is in the file.
 * @param open reads the file from its beginning; asked again only for a file of many millions of rows
 */
export async function checkManifest(
  open: () => Promise<AsyncIterable<Buffer>>,
  reading: Pick<Reading, 'format' | 'place'>,
  { mostSlots, onRows }: { mostSlots?: number; onRows?: (rows: number) => void } = {},
): Promise<ManifestCheck> {
  const faults: ManifestFault[] = [];
  const duplicates: number[] = [];
  let [rows, invalidRows, faultCount, isReadable] = [0, 0, 0, true];
  const report = (line: number, column: string, message: string): void => {
    faultCount += 1;
    if (faults.length < mostFaults) faults.push({ line, column, message });
  };
  const shares: Share[] = [{ bits: 0, value: 0 }];
  for (let share = shares.pop(), isFirst = true; share !== undefined; share = shares.pop(), isFirst = false) {
    const subjects = new SubjectSearch(share, mostSlots);
    for await (const some of readManifest(await open(), reading)) {
      for (const row of some) {
        if (isFirst && row.row > 0) rows += 1;
        if ('faults' in row) {
          if (!isFirst) continue;
          invalidRows += 1;
          if (row.isEnd === true) isReadable = false;
          for (const { column, message } of row.faults) report(row.line, column, message);
          continue;
        }
        const known = subjects.add(row.event.subject, row.line);
        if (known === null) continue;
        invalidRows += 1;
        if (duplicates.push(row.row) > mostDuplicates) {
          report(row.line, 'subject', `more than ${mostDuplicates} rows name a subject again`);
          return { rows, invalidRows, duplicates, faults, faultCount, isReadable: false };
        }
        const message = `names “${row.event.subject.slice(0, 100)}” like line ${known}: each subject may stand once`;
        report(row.line, 'subject', message);
      }
      if (isFirst) onRows?.(rows);
    }
    shares.push(...subjects.left);
  }
  // Several readings find them in the order of their shares.
  duplicates.sort((left, right) => left - right);
  faults.sort((left, right) => left.line - right.line);
  if (rows === 0 && isReadable) {
    report(1, '', 'there are no rows');
    isReadable = false;
  }
  return { rows, invalidRows, duplicates, faults, faultCount, isReadable };
}

/** `line 12, url: must be an absolute URL`. */
export function describeFault({ line, column, message }: ManifestFault): string {
  return `line ${line}${column === '' ? '' : `, ${column}`}: ${message}`;
}
