import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAwsSockets } from '../../lib/aws-sockets.ts';
import { awsCalls, longestSocketIdleMs } from '../../lib/retry-rules.ts';
import { createAsset, getAsset } from '../../lib/showpad/assets.ts';
import type { ShowpadClient } from '../../lib/showpad/client.ts';
import { uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import { path } from '../../lib/showpad/path.ts';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import * as z from 'zod';
import { clientOf, startRawServer } from './showpad-client-server.ts';

let worker: Worker;
let url = '';
beforeAll(async () => {
  const port = new Int32Array(new SharedArrayBuffer(4));
  worker = new Worker(new URL('./resetting-server.ts', import.meta.url), { workerData: port });
  await Atomics.waitAsync(port, 0, 0).value;
  url = `http://127.0.0.1:${port[0]}`;
});
afterAll(() => worker.terminate());

let skippedMs = 0;
beforeEach(() => {
  skippedMs = 0;
});
const now = () => Date.now() + skippedMs;

/** The container stands still, and its peer resets all the connections that it keeps; more time goes by than here. */
function freeze(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  skippedMs += longestSocketIdleMs;
}

const size = 300_000;
const body = () => Readable.from([Buffer.alloc(size)], { objectMode: false });
const contentMD5 = '1B2M2Y8AsgTpgAmY7PhCfg==';
const ticket = { api: 'v3', path: path`/tickets/a.json`, schema: z.unknown() } as const;

const calls: readonly [string, (client: ShowpadClient) => Promise<unknown>][] = [
  ['GET of v4', (client) => getAsset(client, 'a')],
  ['POST of v4', (client) => createAsset(client, { name: 'a', division: { id: 'd' } })],
  [
    'PUT to a link',
    (client) =>
      uploadBinary(client, { uploadMeta: { uploadUrl: `${url}/link` }, body: body(), size, contentMD5 }),
  ],
  ['GET of v3', (client) => client.request({ ...ticket, method: 'GET', operation: 'GET /tickets/{id}' })],
  [
    'PUT of v3',
    (client) => client.request({ ...ticket, method: 'PUT', body: {}, operation: 'PUT /tickets/{id}' }),
  ],
  [
    'form of v3',
    (client) =>
      uploadToMyFiles(client, {
        divisionId: 'd',
        name: 'a.pdf',
        fileName: 'a.pdf',
        folder: '/',
        contentType: 'application/pdf',
        body: body(),
        size,
      }),
  ],
];

/** A client whose pool is full of connections, and which never repeats a call. */
async function warmClient() {
  const outcomes: (number | null)[] = [];
  const client = clientOf(url, { now, onResponse: ({ status }) => outcomes.push(status) });
  await Promise.all(Array.from({ length: 8 }, () => getAsset(client, 'a')));
  return { client, outcomes };
}

describe('after a container was frozen until every connection was reset', () => {
  it.each(calls)('a %s of the next invocation succeeds at once', async (_what, call) => {
    const { client, outcomes } = await warmClient();
    await client.endInvocation();
    freeze();
    await call(client);
    expect(outcomes.every((status) => status === 200)).toBe(true);
  });

  it.each(calls)('a %s of the same invocation succeeds at once', async (_what, call) => {
    const { client, outcomes } = await warmClient();
    for (let freezes = 0; freezes < 3; freezes += 1) {
      freeze();
      await call(client);
    }
    expect(outcomes.every((status) => status === 200)).toBe(true);
  });
});

const update = new UpdateCommand({
  TableName: 'table',
  Key: { pk: 'a' },
  UpdateExpression: 'SET a = :a',
  ExpressionAttributeValues: { ':a': 1 },
});
const settings = {
  ...awsCalls,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
};

describe('a write to the table', () => {
  it('is made once, at the first attempt, although every pooled connection was reset while all was frozen', async () => {
    const { keepFresh, ...agents } = createAwsSockets(now);
    const requestHandler = { ...awsCalls.requestHandler, ...agents };
    const client = new DynamoDBClient({ ...settings, endpoint: url, requestHandler });
    keepFresh(client);
    const database = DynamoDBDocumentClient.from(client);
    const write = async (count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => database.send(update)));
      return answers.map(({ $metadata }) => $metadata.attempts);
    };
    await write(12);
    for (let freezes = 0; freezes < 3; freezes += 1) {
      freeze();
      expect(await write(12)).toEqual(Array.from({ length: 12 }, () => 1));
      freeze();
      expect(await write(1)).toEqual([1]);
    }
    client.destroy();
  });

  it('that is never answered ends, after three attempts', async () => {
    const server = await startRawServer((request) => {
      request.resume();
    });
    const silent = new DynamoDBClient({
      ...settings,
      endpoint: server.url,
      requestHandler: { ...awsCalls.requestHandler, requestTimeout: 20 },
    });
    const error: unknown = await DynamoDBDocumentClient.from(silent)
      .send(update)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'TimeoutError', $metadata: { attempts: 3 } });
    silent.destroy();
  });
});
