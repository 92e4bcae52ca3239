import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import type { Listening } from '../listen.ts';
import { Account } from './account.ts';
import type { Answer, Caller, Context } from './action.ts';
import { actions } from './actions.ts';
import { noJournal } from './journal.ts';
import { MoveTasks } from './move-tasks.ts';
import { openJournal } from './sqlite-journal.ts';
import { SqsError } from './sqs-error.ts';

export interface SqsEmulatorOptions {
  readonly region: string;
  /** Keeps queues and messages through a SIGKILL; without it they are in memory only. */
  readonly stateFile?: string | undefined;
  /** Whether messages overtake each other a little, as in any standard queue (always in the same way). */
  readonly disorder?: boolean;
  readonly now?: () => number;
}

const servicePrefix = 'AmazonSQS.';
const keepAliveMs = 75_000;

/**
 * The standard queues of Amazon SQS on loopback, in the AWS JSON 1.0 protocol: fair queues, long polling, redrive,
 * move tasks. After a restart with the same state file everything that was answered is there, and what was in flight
 * is visible at once with its receive count kept, because whoever had received it died with the stack.
 * @throws {Error} when the state file cannot be used
 */
export async function startSqsEmulator(options: SqsEmulatorOptions): Promise<Listening> {
  const { region, stateFile, disorder = true, now = () => Date.now() } = options;
  const { journal, queues } =
    stateFile === undefined ? { journal: noJournal, queues: [] } : openJournal(stateFile);
  const account = new Account(region, { journal, now, disorder }, queues);
  const moveTasks = new MoveTasks(account, now);
  let origin = '';
  const server = createServer((request, response) => {
    // Much lighter than the promises of node:stream/consumers, and this is done for every message several times.
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void serve(request, response, Buffer.concat(chunks).toString(), { account, moveTasks, origin });
    });
  });
  // An SDK that comes back after a while must not find its connection ended at that very moment.
  server.keepAliveTimeout = keepAliveMs;
  const { url, close } = await listen(server);
  origin = url;
  return {
    url,
    close: async () => {
      moveTasks.close();
      account.close();
      await close();
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  input: string,
  context: Context,
): Promise<void> {
  try {
    if (!String(request.headers['content-type']).startsWith('application/x-amz-json')) {
      refuseQueryProtocol(response);
      return;
    }
    const target = String(request.headers['x-amz-target']);
    const action = actions.get(target.slice(servicePrefix.length));
    if (action === undefined || !target.startsWith(servicePrefix)) {
      throw new SqsError('InvalidAction', `The local SQS does not know the action ${target}.`);
    }
    reply(response, 200, await action(parse(input), context, callerBehind(response)));
  } catch (error) {
    if (error instanceof SqsError) {
      response.setHeader('x-amzn-query-error', `${error.queryCode};Sender`);
      reply(response, 400, { __type: `com.amazonaws.sqs#${error.name}`, message: error.message });
    } else if (!response.destroyed) {
      response.setHeader('x-amzn-query-error', 'InternalFailure;Receiver');
      reply(response, 500, { __type: 'com.amazonaws.sqs#InternalFailure', message: String(error) });
    }
  }
}

function callerBehind(response: ServerResponse): Caller {
  return {
    hasHungUp: () => response.destroyed,
    onUndelivered: (giveBack) => {
      response.once('close', () => {
        if (!response.writableFinished) giveBack();
      });
    },
  };
}

function parse(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    throw new SqsError('SerializationException', 'The request is not JSON.');
  }
}

function reply(response: ServerResponse, status: number, answer: Answer): void {
  const body = JSON.stringify(answer);
  response
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
      'x-amzn-requestid': randomUUID(),
    })
    .end(body);
}

function refuseQueryProtocol(response: ServerResponse): void {
  const message = 'The local SQS speaks AWS JSON 1.0 only, as every SDK since November 2023 does.';
  response
    .writeHead(400, { 'content-type': 'text/xml' })
    .end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>UnsupportedOperation</Code><Message>${message}</Message></Error></ErrorResponse>`,
    );
}
