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
import { reportWaiting, type Schedule } from './waiting-report.ts';

export interface WaitingTicketsOptions extends Schedule {
  readonly onProgress: (line: string) => void;
}

const recipientsPerEvent = 20;
const longestUploadMs = 120_000;
const lastUploadsMs = 2_000;
const content = Buffer.from('%PDF-1.7\nwaiting\nstartxref\n0\n%%EOF\n');

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
    // What is measured is the schedule, not the pace towards Showpad.
    parameters: {
      TicketPollSeconds: String(pollSeconds),
      PollGatherSeconds: '0',
      ShowpadRequestsPerSecond: '500',
    },
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
    // The invocations that brought the last of them end before anything counts.
    await delay(lastUploadsMs);
    const fromMs = Date.now();
    await delay(intervals * pollSeconds * 1_000);
    const untilMs = Date.now();
    // Once it has stopped every invocation has ended, and all of them can be compared with all that Showpad was asked.
    await stack.stop();
    return reportWaiting(options, invocations, showpad.requests, { fromMs, untilMs });
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
