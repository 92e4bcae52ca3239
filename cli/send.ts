import { setTimeout as pause } from 'node:timers/promises';
import { readEvent, type CloudEvent } from './cloud-event.ts';
import { connectToConnector, findConnector } from './connector-api.ts';
import { deliverEvent, type Acceptance } from './deliver-event.ts';
import { describeEnd, followJob, type FollowedJob } from './followed-job.ts';
import { write } from './output.ts';
import { ReaderError } from './reader-error.ts';
import { parseSendOptions, type SendOptions } from './send-command-line.ts';
import { sendUsage } from './send-usage.ts';
import { findSigningSecret } from './signing-secret.ts';

const interrupted = 130;

/** `npm run send`: sends one signed event, to its exit code. */
async function main(): Promise<number> {
  try {
    const options = parseSendOptions(process.argv.slice(2));
    if (options === null) {
      await write(process.stdout, `${sendUsage}\n`);
      return 0;
    }
    return await send(options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0;
    await write(process.stderr, `${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof ReaderError ? error.exitCode : 1;
  }
}

async function send(options: SendOptions): Promise<number> {
  const { source, isWaiting, isJson } = options;
  const connector = await findConnector(process.env);
  // The stack names the address of its events as well.
  connector.pathname = connector.pathname.replace(/\/(?:events\/?)?$/, '');
  const base = connector.href.replace(/\/+$/, '');
  const secret = await findSigningSecret(source, process.env);
  const event = await readEvent(options, process.env);
  const acceptance = await deliverEvent(base, { source, secret, event });
  if (!isJson) await write(process.stdout, acceptedText(acceptance, event, base, isWaiting));
  const ended = isWaiting
    ? await follow(connector, acceptance, isJson).catch(async (error: unknown) => {
        // It is accepted all the same.
        if (isJson) await writeJson(event, acceptance, []);
        throw error;
      })
    : [];
  if (isJson) await writeJson(event, acceptance, ended ?? []);
  if (ended === null) return interrupted;
  return ended.some(({ state }) => state === 'failed') ? 1 : 0;
}

/** Follows every job to its end; null when Ctrl-C was pressed. */
async function follow(connector: URL, { jobs }: Acceptance, isJson: boolean): Promise<FollowedJob[] | null> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const wait = async (ms: number): Promise<boolean> => {
    await pause(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    return !stop.signal.aborted;
  };
  const api = await connectToConnector(connector, process.env);
  const ended: FollowedJob[] = [];
  for (const { id } of jobs) {
    const tell = (state: string) => write(process.stderr, `  ${state}\n`);
    const job = await followJob(api, id, tell, wait);
    if (job === null) return null;
    ended.push(job);
    if (!isJson) await write(process.stdout, `${describeEnd(job)}\n`);
  }
  return ended;
}

function acceptedText(
  { status, jobs }: Acceptance,
  { id, type, subject }: CloudEvent,
  base: string,
  isWaiting: boolean,
): string {
  const [job] = jobs;
  const how = status === 200 ? 'had come before' : 'is accepted';
  const isDeployed = base.startsWith('https:');
  const watch = isDeployed
    ? `Send it again with --id ${id} --wait to follow its job; nothing happens twice.`
    : `What becomes of it: curl ${base}/jobs/${job?.id ?? ''}`;
  const lines = [
    `${type} of ${subject} ${how}: ${jobs.map((one) => `job ${one.id}, ${one.state}`).join('; ')}.`,
    ...(isWaiting ? [] : [watch]),
  ];
  return `${lines.join('\n')}\n`;
}

async function writeJson(
  event: CloudEvent,
  { status, jobs }: Acceptance,
  ended: readonly FollowedJob[],
): Promise<void> {
  const { id, type, subject } = event;
  const report = { event: { id, type, subject }, status, jobs: ended.length > 0 ? ended : jobs };
  await write(process.stdout, `${JSON.stringify(report, null, 2)}\n`);
}

// Failed writes are reported where they are made.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.exitCode = await main();
