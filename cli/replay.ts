import { setTimeout as pause } from 'node:timers/promises';
import { connectToConnector, findConnector } from './connector-api.ts';
import { createOutput, write, type Column } from './output.ts';
import { ReaderError } from './reader-error.ts';
import { parseReplayOptions, type ReplayOptions } from './replay-command-line.ts';
import { replayUsage } from './replay-usage.ts';
import { matchingJobs, retry, type ListedJob, type Retry } from './replayed-jobs.ts';

const columns: readonly Column<ListedJob>[] = [
  { title: 'JOB', cell: ({ id }) => id },
  { title: 'SOURCE', cell: ({ source }) => source },
  { title: 'SUBJECT', cell: ({ subject }) => subject },
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'REASON', cell: ({ error }) => error?.code },
  { title: 'CHANGED', cell: ({ updatedAt }) => updatedAt },
];
const progressEvery = 25;
const interrupted = 130;

/** `npm run replay`: lists jobs and has them tried again, to its exit code. */
async function main(): Promise<number> {
  try {
    const options = parseReplayOptions(process.argv.slice(2));
    if (options === null) {
      await write(process.stdout, `${replayUsage}\n`);
      return 0;
    }
    return await replay(options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0;
    await write(process.stderr, `${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ReaderError ? error.exitCode : 1;
  }
}

async function replay(options: ReplayOptions): Promise<number> {
  const stop = new AbortController();
  // What was asked for has been asked for: to stop between two jobs loses nothing. A second Ctrl-C ends it at once.
  process.once('SIGINT', () => stop.abort());
  const api = await connectToConnector(await findConnector(process.env), process.env);
  const jobs: ListedJob[] = [];
  for await (const job of matchingJobs(api, options)) {
    if (stop.signal.aborted) return interrupted;
    jobs.push(job);
  }
  if (!options.isJson) await show(jobs);
  const retries: Retry[] = [];
  const wait = (ms: number) => pause(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  for (const job of options.isDryRun ? [] : jobs) {
    const next = wait(1_000 / options.perSecond);
    if (stop.signal.aborted) break;
    retries.push(await retry(api, job, wait));
    if (retries.length % progressEvery === 0)
      await write(process.stderr, `Tried again ${retries.length} of ${jobs.length}.\n`);
    await next;
  }
  const failed = retries.filter(({ outcome }) => outcome === 'failed');
  if (options.isJson) await showJson(options, jobs, retries);
  else if (!options.isDryRun) await summarize(jobs, retries);
  if (stop.signal.aborted) return interrupted;
  return failed.length > 0 ? 1 : 0;
}

async function show(jobs: readonly ListedJob[]): Promise<void> {
  const output = createOutput({ format: 'table', limit: Infinity }, process.stdout, process.stderr);
  await output.list(each(jobs), columns);
  if (jobs.length === 0) return;
  const counts = Object.entries(countByReason(jobs)).map(([reason, count]) => `  ${count} × ${reason}`);
  await write(process.stdout, `\n${counts.join('\n')}\n`);
}

async function summarize(jobs: readonly ListedJob[], retries: readonly Retry[]): Promise<void> {
  const count = (outcome: Retry['outcome']) => retries.filter((one) => one.outcome === outcome).length;
  const left = jobs.length - retries.length;
  const lines = [
    `\n${count('retried')} of ${jobs.length} jobs are tried again; GET /jobs/ID shows what becomes of them.`,
    ...(count('ended') > 0 ? [`${count('ended')} had ended by themselves meanwhile.`] : []),
    ...(left > 0 ? [`${left} were not reached: run the same command again.`] : []),
    ...retries
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ job, detail }) => `${job.id} could not be tried again: ${detail}`),
  ];
  await write(process.stdout, `${lines.join('\n')}\n`);
}

async function showJson(
  { isDryRun }: ReplayOptions,
  jobs: readonly ListedJob[],
  retries: readonly Retry[],
): Promise<void> {
  const outcomes = retries.map(({ job: { id }, outcome, detail }) => ({ id, outcome, detail }));
  const report = { dryRun: isDryRun, jobs, reasons: countByReason(jobs), retries: outcomes };
  await write(process.stdout, `${JSON.stringify(report, null, 2)}\n`);
}

function countByReason(jobs: readonly ListedJob[]): Record<string, number> {
  const groups = Object.groupBy(jobs, ({ error, state }) => error?.code ?? state);
  return Object.fromEntries(Object.entries(groups).map(([reason, group]) => [reason, group?.length ?? 0]));
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

// Failed writes are reported where they are made.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.exitCode = await main();
