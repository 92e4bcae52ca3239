import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import type { AwsEndpoints } from '../local/aws.ts';
import type { AwsProcessSettings } from '../local/aws-process.ts';
import { startChild, trusted } from '../local/child.ts';
import { ConnectorClient } from '../local/demo/connector-client.ts';
import { applyEnvironment } from '../local/lambda-environment.ts';
import { listen } from '../local/listen.ts';
import type { ShowpadEmulator } from '../local/showpad/showpad-emulator.ts';
import { startStack, type Stack } from '../local/stack.ts';
import { InvocationLog } from './invocation-log.ts';
import type { Report } from './report.ts';
import { median } from './statistics.ts';

export interface WaitingTicketsOptions {
  readonly tickets: number;
  /** The compressed wait between two looks at a ticket. */
  readonly pollSeconds: number;
  /** How many of these waits are watched. */
  readonly intervals: number;
  readonly onProgress: (line: string) => void;
}

/** The wait that template.yaml gives. */
const deployedPollSeconds = 30;
const recipientsPerEvent = 20;
const longestUploadMs = 120_000;
const content = Buffer.from('%PDF-1.7\nwaiting\nstartxref\n0\n%%EOF\n');
const ticketPath = /\/tickets\/([^/]+)\.json$/;

/**
 * Uploads a file into the My Files of as many people as there are to be tickets, in a Showpad that never finishes
 * processing, and then counts what runs and what Showpad is asked while all of them wait. AWS is embedded, in a
 * process of its own.
 */
export async function benchWaitingTickets(options: WaitingTicketsOptions): Promise<Report> {
  const aws = await startChild({
    name: 'aws',
    file: fileURLToPath(new URL('../local/aws-process.ts', import.meta.url)),
    settings: { region: 'eu-west-1', given: {} } satisfies AwsProcessSettings,
    ready: trusted<AwsEndpoints>(),
    onLog: () => undefined,
    onEnd: console.error,
  });
  const restoreEnvironment = applyEnvironment({
    AWS_ENDPOINT_URL_S3: aws.ready.s3,
    AWS_ENDPOINT_URL_SQS: aws.ready.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: aws.ready.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.ready.secretsManager,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  });
  try {
    return await watchTickets(options);
  } finally {
    restoreEnvironment();
    await aws.stop();
  }
}

async function watchTickets(options: WaitingTicketsOptions): Promise<Report> {
  const { tickets, pollSeconds, intervals, onProgress } = options;
  const invocations = new InvocationLog();
  const emails = Array.from({ length: tickets }, (_, index) => `person-${index + 1}@example.com`);
  const stack = await startStack({
    processes: 'shared',
    parameters: { TicketPollSeconds: String(pollSeconds) },
    showpadEmulator: {
      users: emails.map((email) => ({ email })),
      switches: {
        processingStuck: true,
        // The emulator looks again this often at what is stuck; its own work is not what is measured.
        processingMs: 600_000,
        v3Budget: { limit: 1_000_000_000, windowSeconds: 86_400, retryAfterSeconds: null },
      },
    },
    aroundInvocation: invocations.around,
  });
  try {
    const showpad = stack.showpadEmulator;
    if (showpad === undefined) throw new Error('The tickets wait in the Showpad emulator.');
    const startedAtMs = Date.now();
    await fillWithTickets(stack, showpad, emails);
    onProgress(`${tickets} tickets after ${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s`);
    // The last one of them has its first look as well before anything counts.
    await delay((pollSeconds + 1) * 1_000);
    const fromMs = Date.now();
    await delay(intervals * pollSeconds * 1_000);
    const untilMs = Date.now();
    // Once it has stopped every invocation has ended, and all of them can be compared with all that Showpad was asked.
    await stack.stop();
    return reportOn(options, invocations, showpad, { fromMs, untilMs });
  } finally {
    await stack.stop();
  }
}

/** Sends as many events as it takes, and waits until everybody has a ticket. */
async function fillWithTickets(
  stack: Stack,
  showpad: ShowpadEmulator,
  emails: readonly string[],
): Promise<void> {
  const files = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    }),
  );
  const dispatcher = new Agent();
  const signal = AbortSignal.timeout(longestUploadMs);
  try {
    const connector = new ConnectorClient(
      stack.apiUrl,
      stack.sources['demo']?.secret ?? '',
      dispatcher,
      signal,
    );
    for (let start = 0; start < emails.length; start += recipientsPerEvent) {
      const recipients = emails.slice(start, start + recipientsPerEvent);
      const file = { url: `${files.url}/waiting.pdf`, name: 'Waiting.pdf' };
      await connector.send({
        eventId: randomUUID(),
        type: 'myfiles.upload',
        subject: `waiting/${start}`,
        time: new Date(),
        data: { recipients, file },
      });
    }
    while (showpad.tickets.length < emails.length) {
      signal.throwIfAborted();
      await Promise.race([showpad.changed(), delay(1_000)]);
    }
  } finally {
    await dispatcher.destroy();
    await files.close();
  }
}

function reportOn(
  { tickets, pollSeconds, intervals }: WaitingTicketsOptions,
  invocations: InvocationLog,
  { requests }: ShowpadEmulator,
  window: { readonly fromMs: number; readonly untilMs: number },
): Report {
  const { fromMs, untilMs } = window;
  const seconds = (untilMs - fromMs) / 1_000;
  const asked = requests.map(({ method, path, receivedAt }) => ({
    ticketId: method === 'GET' ? ticketPath.exec(path)?.[1] : undefined,
    atMs: Date.parse(receivedAt),
  }));
  const calls = asked.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  const looks = calls.filter(({ ticketId }) => ticketId !== undefined);
  const gaps = gapsSeconds(asked, fromMs, untilMs);
  const ran = invocations.between(fromMs, untilMs);
  const polls = ran.filter(({ functionName }) => functionName === 'poll-processing');
  const messages = sumOf(polls.map((poll) => poll.messages));
  const everyLook = asked.filter(({ ticketId }) => ticketId !== undefined).length;
  const everyMessage = sumOf(
    invocations
      .between(0, Infinity)
      .filter(({ functionName }) => functionName === 'poll-processing')
      .map((poll) => poll.messages),
  );
  const busyMs = sumOf(ran.map(({ durationMs }) => durationMs));
  const meanGap = sumOf(gaps) / gaps.length;
  const hourly = (wait: number): number => Math.round((tickets * 3_600) / wait);
  const row = (what: string, measured: number, schedule: number | string) => ({
    what,
    measured,
    schedule: String(schedule),
  });
  return {
    title: `waiting-tickets: ${tickets} tickets that stay unfinished, one look every ${pollSeconds} s, watched for ${intervals} waits`,
    rows: [
      row(
        `looks at tickets in ${Math.round(seconds)} s`,
        looks.length,
        Math.round((tickets * seconds) / pollSeconds),
      ),
      row('other calls to Showpad', calls.length - looks.length, 0),
      row('invocations of poll-processing', polls.length, `${Math.ceil(messages / 10)} to ${messages}`),
      row('invocations of other functions', ran.length - polls.length, 0),
      row('messages of poll-processing, from first to last', everyMessage, everyLook),
      row('seconds between looks, shortest', Math.min(...gaps), `≥ ${pollSeconds * 0.9}`),
      row('seconds between looks, median', median(gaps), pollSeconds),
      row('seconds between looks, longest', Math.max(...gaps), pollSeconds),
      row('ms a function is busy, per look', busyMs / looks.length, '–'),
      row(
        `Showpad calls per hour at ${deployedPollSeconds} s`,
        hourly(deployedPollSeconds + meanGap - pollSeconds),
        hourly(deployedPollSeconds),
      ),
    ],
    notes: [
      'Between two looks a ticket is a delayed message and nothing runs for it: every message is one look, every invocation has 1 to 10 of them.',
      `Per hour: 3600 ÷ (${deployedPollSeconds} s + what a look came late here, ${(meanGap - pollSeconds).toFixed(2)} s on average) for each ticket. The emulators of AWS share this machine, so looks come later than they would there, never earlier; and as looks come in waves, the count in a short time may cut one off.`,
    ],
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

interface Asked {
  readonly ticketId: string | undefined;
  readonly atMs: number;
}

/** The seconds between each look within the window and the look at the same ticket before it. */
function gapsSeconds(asked: readonly Asked[], fromMs: number, untilMs: number): number[] {
  const lastLook = new Map<string, number>();
  const gaps: number[] = [];
  for (const { ticketId, atMs } of asked) {
    if (ticketId === undefined) continue;
    const before = lastLook.get(ticketId);
    if (before !== undefined && atMs >= fromMs && atMs < untilMs) gaps.push((atMs - before) / 1_000);
    lastLook.set(ticketId, atMs);
  }
  return gaps;
}
