import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { resetServices } from '../../lib/services.ts';
import { cloudEvent, pdf, signed, startConnector, type Connector, type JobView } from '../connector.ts';

const batch = 'application/cloudevents-batch+json';
const perSecond = 3;

/** What is worked on just now, and how often each message had been received when it was. */
const running = new Map<string, number>();
const receives: number[] = [];
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    parameters: { ShowpadRequestsPerSecond: '50' },
    aroundInvocation: async (functionName, event, run) => {
      const records = functionName === 'receive-event' ? [] : ((event as Partial<SQSEvent>).Records ?? []);
      receives.push(...records.map(({ attributes }) => Number(attributes.ApproximateReceiveCount)));
      running.set(functionName, (running.get(functionName) ?? 0) + 1);
      try {
        return await run();
      } finally {
        running.set(functionName, (running.get(functionName) ?? 0) - 1);
      }
    },
  });
});
afterAll(() => connector.stop());
afterEach(() => {
  connector.showpad.faults.clear();
  connector.showpad.switches.rateLimit = null;
  receives.length = 0;
});

/** Sends an upsert for each subject, in one delivery, and answers with the jobs. */
async function upsert(subjects: readonly string[]): Promise<readonly JobView[]> {
  const events = subjects.map((subject) => {
    const file = { url: connector.serve(`${subject}.pdf`, pdf(subject)), name: `${subject}.pdf` };
    return cloudEvent({ type: 'asset.upsert', subject, data: { file } });
  });
  const body = JSON.stringify(events);
  const { sources } = connector.stack;
  const headers = signed(sources['demo']?.secret ?? '', body, { contentType: batch });
  const answer = await connector.post('/events/demo', body, headers);
  return (answer.body as { jobs: JobView[] }).jobs;
}

const apiCalls = () =>
  connector.showpad.requests
    .filter(({ path }) => path.startsWith('/v4/'))
    .map(({ receivedAt, ...call }) => ({ ...call, atMs: Date.parse(receivedAt) }));

/** Sets what the containers know together of the pace of API v4: nothing, as long after the last 429, or a ceiling. */
async function setPace(known: Readonly<Record<string, number>> = {}): Promise<void> {
  const { clients, tableName, showpad } = connector.stack;
  const Item = { pk: `PACE#${new URL(showpad.v4Url).host}`, sk: 'v4', ...known };
  await DynamoDBDocumentClient.from(clients.dynamodb).send(new PutCommand({ TableName: tableName, Item }));
}

test('a backlog drains no faster than Showpad allows, with few 429s, and each asset once', async () => {
  const { stack, showpad } = connector;
  showpad.switches.rateLimit = { requestsPerSecond: perSecond, retryAfterSeconds: 1 };
  // As earlier backlogs have found it.
  await setPace({ ceiling: perSecond, busyMs: 3_000, episode: 1 });
  await stack.pause('upload-asset');
  const subjects = Array.from({ length: 9 }, (_, index) => `backlog-${index + 1}`);
  const jobs = await upsert(subjects);
  while (((await stack.queueCounts())['upload']?.visible ?? 0) < subjects.length);
  await stack.resume('upload-asset');
  await stack.settled(110_000);

  const calls = apiCalls();
  const admitted = calls.filter(({ status }) => status !== 429);
  // How close it comes to the limit, which a busy machine decides, is measured by the benchmark and in simulation.
  const seconds = ((admitted.at(-1)?.atMs ?? 0) - (admitted[0]?.atMs ?? 0)) / 1_000;
  expect((admitted.length - perSecond) / seconds).toBeLessThan(perSecond * 1.01);
  // Of so few calls a single one is two in a hundred.
  expect(calls.length - admitted.length).toBeLessThanOrEqual(3);
  expect(await stack.deadLetters()).toEqual([]);
  expect(new Set(receives)).toEqual(new Set([1]));
  for (const { id } of jobs) expect(await connector.job(id)).toMatchObject({ state: 'done' });
  for (const subject of subjects) expect(connector.assetsOf(subject)).toHaveLength(1);
}, 120_000);

test('a pause that one function has met is kept by all', async () => {
  const { showpad, stack } = connector;
  await setPace();
  await connector.finish({
    type: 'asset.metadata',
    subject: 'backlog-1',
    data: { metadata: { description: 'before' } },
  });
  const action = { kind: 'status', status: 429, retryAfter: 4 } as const;
  const fault = showpad.faults.add({ match: { method: 'POST', path: '/v4/assets/{id}' }, action });
  const data = { metadata: { description: 'after' } };
  const { body } = await connector.send({ type: 'asset.metadata', subject: 'backlog-1', data });
  while (fault.hits === 0) await showpad.changed();
  const refusedAtMs = apiCalls().at(-1)?.atMs ?? 0;
  const known = apiCalls().length;
  // What the function hears is written down before it ends.
  while ((running.get('update-metadata') ?? 0) > 0) await stack.queueCounts();

  const jobs = await upsert(['paused-1', 'paused-2']);
  await stack.settled();
  const gapsMs = apiCalls()
    .slice(known)
    .map(({ atMs }) => atMs - refusedAtMs);
  expect(gapsMs.length).toBeGreaterThan(8);
  expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(3_990);
  expect(new Set(receives)).toEqual(new Set([1]));
  for (const { id } of [...jobs, ...body.jobs])
    expect(await connector.job(id)).toMatchObject({ state: 'done' });
});

describe('429s', () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
  const anHourAgo = new Date(Date.now() - 3_600_000).toUTCString();
  const long = ['99999', inAnHour];
  const unclear = [undefined, '', 'soon', '-5', '1.5'];

  test('fifty in a row, whatever they say of the time to wait, spend no receive', async () => {
    const { showpad, stack } = connector;
    await stack.pause('upload-asset');
    const [job] = await upsert(['fifty']);
    while ((await stack.queueCounts())['upload']?.visible !== 1);
    const known = apiCalls().length;
    const others = [...long, ...unclear];
    const retryAfters = ['2', '0', anHourAgo, ...Array.from({ length: 47 }, (_, index) => others[index % 7])];
    for (const [index, retryAfter] of retryAfters.entries()) {
      const action = {
        kind: 'status',
        status: 429,
        ...(retryAfter !== undefined && { retryAfter }),
      } as const;
      showpad.faults.add({ match: { path: /^\/v4\//, nth: index + 1 }, action });
    }
    const body = JSON.stringify({ jobId: job?.id, attempt: 0 });
    const delivery = { messageId: 'message', body, attributes: { ApproximateReceiveCount: '1' } };
    while (apiCalls().length < known + retryAfters.length) {
      // A new container, in which whatever was to be waited for has passed.
      await setPace();
      await resetServices();
      const result = await stack.invoke('upload-asset', { Records: [delivery] });
      expect(result).toMatchObject({ ok: true, payload: { batchItemFailures: [] } });
    }
    expect(
      apiCalls()
        .slice(known)
        .map(({ status }) => status),
    ).toEqual(retryAfters.map(() => 429));
    const { visible = 0, delayed = 0, inFlight } = (await stack.queueCounts())['upload'] ?? {};
    expect(inFlight).toBe(0);
    // Those that were to come after a second or two are there by now.
    expect(visible + delayed).toBeGreaterThan(46);

    // Some of the messages would come in a quarter of an hour: as if it was over, one is delivered now.
    const QueueUrl = stack.queues['upload'] ?? '';
    await stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    await setPace();
    await resetServices();
    await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    await stack.resume('upload-asset');
    await stack.settled(55_000);
    expect(await connector.job(job?.id ?? '')).toMatchObject({ state: 'done', error: null });
    expect(connector.assetsOf('fifty')).toHaveLength(1);
    expect(await stack.deadLetters()).toEqual([]);
  });

  test('that are waited for in the queue bring every message back with its first receive', async () => {
    for (const [index, retryAfter] of ['1', 'soon', anHourAgo].entries()) {
      const action = { kind: 'status', status: 429, retryAfter } as const;
      connector.showpad.faults.add({ match: { path: /^\/v4\//, nth: index + 1 }, action });
    }
    const [job] = await upsert(['three']);
    // What Showpad does not say is guessed, and may add up to more than half a minute.
    await connector.stack.settled(110_000);
    expect(await connector.job(job?.id ?? '')).toMatchObject({ state: 'done', error: null });
    expect(new Set(receives)).toEqual(new Set([1]));
  }, 120_000);
});
