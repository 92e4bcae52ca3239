import { setMaxListeners } from 'node:events';
import { parseArgs, styleText } from 'node:util';
import { readableLine } from '../log-line.ts';
import { demoSettings } from './demo-settings.ts';
import { hasEnded } from './delivery.ts';
import type { Watched } from './delivery.ts';
import { startDemoSystem } from './demo-system.ts';
import type { DemoSystem } from './demo-system.ts';
import { findingsOf } from './findings.ts';
import type { Evidence } from './evidence.ts';
import { newSteps } from './metadata-story.ts';
import type { Steps } from './metadata-story.ts';
import { judgePushes } from './my-files-outcome.ts';
import { newPushes } from './my-files-story.ts';
import type { Pushes } from './my-files-story.ts';
import { judgeDeliveries } from './outcome.ts';
import { startProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import { findingLines, personalTableOf, summaryOf, tableLegend, tableOf } from './report.ts';
import { newDeliveries, tellStory } from './story.ts';
import type { Deliveries } from './story.ts';
import { secondsText } from './wording.ts';

const deadlineMs = 60_000;
const settleMs = 10_000;
const shownLogLines = 20;

/** The demo was ended from outside; `exitCode` says by whom. */
class Ended extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** `npm run demo`: the whole system, real files through signed webhooks into Showpad, and what became of them. */
async function main(): Promise<number> {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const end = (reason: Ended): void => {
    // The children end with this process, so whoever asks again need not wait.
    if (ending.signal.aborted) process.exit(reason.exitCode);
    ending.abort(reason);
  };
  process.on('SIGINT', () => end(new Ended('Interrupted.', 130)));
  process.on('SIGTERM', () => end(new Ended('Asked to stop.', 143)));
  const deadline = setTimeout(() => {
    ending.abort(new Ended(`Not finished after ${deadlineMs / 1_000} seconds.`));
  }, deadlineMs);

  const log: string[] = [];
  let system: DemoSystem | undefined;
  let watched: readonly Watched[] = [];
  let progress: Progress | undefined;
  try {
    const startedAtMs = performance.now();
    const { settings, remarks } = demoSettings(process.env);
    console.log('Showpad connector: signed events in, usable assets out.\n');
    for (const remark of remarks) console.log(`  ${remark}`);
    console.log('  Starting the functions of template.yaml, emulated AWS and an emulated Showpad …');
    const options = {
      ...settings,
      parameters: { LogLevel: 'WARN', ...settings.parameters },
      onLog: (line: string) => {
        log.push(readableLine(line) ?? '');
        // What failed in an unforeseen way is tried again by its queue, but far too late for this demo.
        if (isError(line)) ending.abort(new Ended('A function failed in a way that it should not.'));
      },
      onCrash: (message: string) => ending.abort(new Ended(message)),
    };
    system = await unlessEnded(startDemoSystem(options, ending.signal), ending.signal);
    console.log(`  Ready after ${secondsText(performance.now() - startedAtMs)}.

  events   ${system.stack.apiUrl}/events/demo
  files    ${system.files.url}
  Showpad  ${system.stack.showpad.v4Url}
`);
    const deliveries = newDeliveries(system.publications);
    const steps = newSteps(system.datasheets, system.files);
    const pushes = newPushes(system.personalFiles, system.files);
    watched = [deliveries, steps, pushes].flatMap((story) => Object.values<Watched>(story));
    progress = startProgress(watched, process.stdout);
    const evidence = await unlessEnded(perform(system, deliveries, steps, pushes, progress), ending.signal);
    progress.close();
    return report(evidence);
  } catch (error) {
    // Whatever is still under way ends with the signal.
    if (!ending.signal.aborted) ending.abort(error);
    progress?.close();
    const reason: unknown = ending.signal.reason;
    console.error(`\n${styleText('red', '✗')} ${reason instanceof Error ? reason.message : String(reason)}`);
    const exitCode = reason instanceof Ended ? reason.exitCode : 1;
    if (exitCode === 1) explain(watched, log);
    return exitCode;
  } finally {
    clearTimeout(deadline);
    await system?.close();
  }
}

async function perform(
  { stack, files, datasheets, showpad, person, connector }: DemoSystem,
  deliveries: Deliveries,
  steps: Steps,
  pushes: Pushes,
  progress: Progress,
): Promise<Evidence> {
  const startedAtMs = performance.now();
  const told = await tellStory(deliveries, steps, pushes, {
    connector,
    files,
    showpad,
    person,
    onChange: progress.onChange,
  });
  const elapsedMs = performance.now() - startedAtMs;
  await stack.settled(settleMs);
  const [library, requests, deadLetters] = await Promise.all([
    showpad.library(),
    showpad.requests(),
    stack.deadLetters(),
  ]);
  const outcomes = judgeDeliveries(Object.values(deliveries), library, requests);
  const personalOutcomes = judgePushes(pushes, library, requests);
  const seen = { outcomes, personalOutcomes, library, requests, deadLetters };
  return { deliveries, steps, datasheets, pushes, told, elapsedMs, files, ...seen };
}

/** Prints what became of everything, and answers with the exit code. */
function report(evidence: Evidence): number {
  const { outcomes, personalOutcomes } = evidence;
  const findings = findingsOf(evidence);
  const faults = outcomes.flatMap(({ delivery, faults: own }) =>
    own.map((fault) => `${delivery.title}: ${fault}`),
  );
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  console.log(`\n${tableOf(outcomes, columns).join('\n')}`);
  console.log(`  ${styleText('dim', tableLegend)}\n`);
  console.log(`${personalTableOf(personalOutcomes).join('\n')}\n`);
  console.log(`  ${summaryOf(evidence)}\n`);
  console.log(findingLines(findings).join('\n'));
  if (faults.length === 0 && findings.every((finding) => finding.faults.length === 0)) {
    console.log(`\n${styleText('green', '✓')} Everything is as it must be.`);
    return 0;
  }
  console.error(`\n${styleText('red', '✗')} Not everything is as it must be.`);
  for (const fault of faults) console.error(`  - ${fault}`);
  return 1;
}

/** What was still open, and what the functions had to say. */
function explain(watched: readonly Watched[], log: readonly string[]): void {
  for (const { title, state } of watched.filter((one) => !hasEnded(one))) {
    console.error(`  - ${title} is ${state}`);
  }
  const lines = log.filter((line) => line !== '').slice(-shownLogLines);
  if (lines.length > 0) console.error(`\nThe last lines of the log:\n${lines.join('\n')}`);
}

function isError(line: string): boolean {
  return line.startsWith('{') && line.includes('"level":"ERROR"');
}

/** The promise's outcome, or the signal's reason if that comes first. */
async function unlessEnded<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const onAbort = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, ended.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const { manifest } = parseArgs({ options: { manifest: { type: 'string' } } }).values;
if (manifest === undefined) process.exit(await main());
const { runManifestDemo } = await import('./manifest-demo.ts');
process.exit(await runManifestDemo(manifest));
