import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import * as z from 'zod';
import type { ConnectorApi } from './connector-api.ts';
import type { ImportOptions } from './import-command-line.ts';
import { ImportProgress } from './import-progress.ts';
import { follow, type ImportStatus } from './import-status.ts';
import { faultLines } from './manifest-file.ts';
import { write } from './output.ts';
import { ReaderError } from './reader-error.ts';

const interrupted = 130;
const mostReasons = 20;
const resultSchema = z.object({
  row: z.number(),
  subject: z.string().nullable(),
  change: z.string(),
  reason: z.string().nullable(),
});

/** Shows an import until it has ended, fetches its results, and answers with the exit code. */
export async function watchImport(
  api: ConnectorApi,
  id: string,
  { isJson, resultFolder }: Pick<ImportOptions, 'isJson' | 'resultFolder'>,
  signal: AbortSignal,
): Promise<number> {
  if (!isJson) await write(process.stderr, `Import ${id}\n`);
  const progress = new ImportProgress(process.stderr);
  const show = (status: ImportStatus): void => {
    if (!isJson) progress.show(status);
  };
  const status = await follow(api, id, show, signal).finally(() => {
    progress.end();
  });
  if (status === null) {
    await write(process.stderr, `The import goes on. Watch it again with: npm run import -- --watch ${id}\n`);
    return interrupted;
  }
  const { state, results, faults, faultCount, error, rows } = status;
  const files = results === null ? null : await fetchResults(id, results, resultFolder);
  const outcome = files === null ? null : await readOutcome(files.jsonl);
  if (isJson) {
    const report = { id, state, rows, changes: outcome?.changes ?? null, faults, faultCount, error, files };
    await write(process.stdout, `${JSON.stringify(report)}\n`);
  } else {
    await write(process.stdout, `${linesOf(status, outcome, files).join('\n')}\n`);
  }
  return state === 'done' && rows.failed === 0 && rows.invalid === 0 ? 0 : 1;
}

interface Outcome {
  readonly changes: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly problemCount: number;
}

interface ResultFiles {
  readonly csv: string;
  readonly jsonl: string;
}

function linesOf(
  { id, state, rows, faults, faultCount, error }: ImportStatus,
  outcome: Outcome | null,
  files: ResultFiles | null,
): string[] {
  if (state === 'refused') {
    return [...faultLines(id, faults, faultCount), `Nothing was imported: ${rows.invalid} rows are wrong.`];
  }
  if (outcome === null || files === null) return [`The import has failed. ${error ?? ''}`.trimEnd()];
  const { changes, problems, problemCount } = outcome;
  const parts = Object.entries(changes).map(([change, count]) => `${count} ${change}`);
  const left = problemCount - problems.length;
  return [
    `${rows.total} rows: ${parts.join(', ')}.`,
    ...problems,
    ...(left > 0 ? [`… and ${left} more, in the result file.`] : []),
    `Results: ${files.csv} and ${files.jsonl}`,
  ];
}

async function fetchResults(
  id: string,
  links: NonNullable<ImportStatus['results']>,
  folder: string,
): Promise<ResultFiles> {
  const files = { csv: join(folder, `${id}.csv`), jsonl: join(folder, `${id}.jsonl`) };
  for (const kind of ['csv', 'jsonl'] as const) {
    const { statusCode, body } = await request(links[kind]);
    if (statusCode !== 200)
      throw new ReaderError(`The results could not be fetched: S3 answered ${statusCode}.`, 1);
    await pipeline(body, createWriteStream(files[kind]));
  }
  return files;
}

async function readOutcome(file: string): Promise<Outcome> {
  const changes: Record<string, number> = {};
  const problems: string[] = [];
  let problemCount = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line === '') continue;
    const { row, subject, change, reason } = resultSchema.parse(JSON.parse(line));
    changes[change] = (changes[change] ?? 0) + 1;
    if (change !== 'problem') continue;
    problemCount += 1;
    if (problems.length < mostReasons)
      problems.push(`row ${row}, ${subject ?? '(no subject)'}: ${reason ?? ''}`);
  }
  return { changes, problems, problemCount };
}
