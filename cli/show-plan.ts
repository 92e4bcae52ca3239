import type { ConnectorApi } from './connector-api.ts';
import { duration } from './import-progress.ts';
import type { ManifestFile } from './manifest-file.ts';
import { write } from './output.ts';
import { planImport, type PlannedRow, type PlanSummary } from './plan-import.ts';

const widestSubject = 40;

/** Prints what an import of the file would do, row by row and in sum. */
export async function showPlan(
  api: ConnectorApi,
  source: string,
  file: ManifestFile,
  isJson: boolean,
): Promise<number> {
  if (!isJson) await write(process.stdout, `${'ROW'.padStart(7)}  ${'CHANGE'.padEnd(12)} CALLS  SUBJECT\n`);
  const summary = await planImport(api, source, file, (row) =>
    write(process.stdout, `${isJson ? JSON.stringify(row) : lineOf(row)}\n`),
  );
  const text = isJson ? JSON.stringify({ summary }) : `\n${sentencesOf(summary).join('\n')}`;
  await write(process.stdout, `${text}\n`);
  return 0;
}

function lineOf({ row, subject, change, calls, dependsOnFile, problem }: PlannedRow): string {
  const shown = plain(subject ?? '–')
    .slice(0, widestSubject)
    .padEnd(widestSubject);
  const remark = dependsOnFile
    ? 'if the file is the same: it has to be fetched to know; else a new version'
    : plain(problem ?? '');
  return `${String(row).padStart(7)}  ${change.padEnd(12)} ${String(calls).padStart(5)}  ${shown}  ${remark}`.trimEnd();
}

function sentencesOf(summary: PlanSummary): string[] {
  const { rows, changes, uploads, filesToCompare, calls, mostCalls, callsPerSecond, seconds, mostSeconds } =
    summary;
  const counts = Object.entries(changes).map(([change, count]) => `${count} ${change}`);
  const pace = `at ${Number(callsPerSecond.toFixed(1))} calls a second`;
  return [
    `${rows} rows: ${counts.join(', ')}. Nothing was written.`,
    `${calls} calls to Showpad and ${uploads} uploads: about ${duration(seconds)} ${pace}, and what the bytes take.`,
    ...(filesToCompare > 0
      ? [
          `${filesToCompare} rows say no checksum: their files have to be fetched and compared. Were all of them new versions, ` +
            `it would be ${mostCalls} calls and about ${duration(mostSeconds)}.`,
        ]
      : []),
    ...(uploads > 0 ? ['While Showpad processes a file, each further look at it is one more call.'] : []),
  ];
}

/** Text of others must not steer the terminal. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
