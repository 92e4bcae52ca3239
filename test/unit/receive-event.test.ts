import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { handler } from '../../functions/receive-event.ts';
import type { Asset } from '../../lib/asset-state.ts';
import { Assets } from '../../lib/assets.ts';
import { jobId, Jobs, type Job } from '../../lib/jobs.ts';
import { nextStep } from '../../lib/next-step.ts';
import { resetServices } from '../../lib/services.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { call, stubEnvironment, type HttpAnswer } from './invoke.ts';

const table = useEmbeddedTable();
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const newSecret = `whsec_${Buffer.from('the secret that replaces it.').toString('base64')}`;

const { send } = DynamoDBDocumentClient.prototype;
const mockAws = () => ({
  database: mockClient(DynamoDBDocumentClient),
  sqs: mockClient(SQSClient),
  secrets: mockClient(SecretsManagerClient),
});
let database: ReturnType<typeof mockAws>['database'];
let sqs: ReturnType<typeof mockAws>['sqs'];
let secrets: ReturnType<typeof mockAws>['secrets'];
// The table has been made by now.
beforeAll(() => {
  ({ database, sqs, secrets } = mockAws());
});
afterAll(() => {
  for (const mock of [database, sqs, secrets]) mock.restore();
});

/** What becomes of the nth call to DynamoDB, from 0. */
type Fate = 'made' | 'refused' | 'made, but its answer is lost';
let fateOf: (nth: number) => Fate = () => 'made';
let databaseCalls = 0;

function awsError(name: string): Error {
  return Object.assign(new Error('The call failed: hunter2'), { name });
}

function makeCall<Input>(Command: new (input: Input) => object) {
  return async (input: Input): Promise<unknown> => {
    const fate = fateOf(databaseCalls);
    databaseCalls += 1;
    if (fate === 'refused') throw awsError('ProvisionedThroughputExceededException');
    const answer: unknown = await Reflect.apply(send, table().database, [new Command(input)]);
    if (fate !== 'made') throw awsError('TimeoutError');
    return answer;
  };
}

let sources: unknown;
let tests = 0;
let source = '';
beforeEach(() => {
  tests += 1;
  source = `source-${tests}`;
  sources = { [source]: { secrets: [secret] } };
  fateOf = () => 'made';
  databaseCalls = 0;
  database.reset();
  database.on(GetCommand).callsFake(makeCall(GetCommand));
  database.on(PutCommand).callsFake(makeCall(PutCommand));
  database.on(UpdateCommand).callsFake(makeCall(UpdateCommand));
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({ MessageId: 'message-1' });
  secrets.reset();
  secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: JSON.stringify(sources) }));
  stubEnvironment({ ...table().environment, TABLE_NAME: table().tableName });
});
afterEach(async () => {
  await resetServices();
  vi.unstubAllEnvs();
});

const event = {
  specversion: '1.0',
  id: 'event-1',
  source: '/dam',
  type: 'asset.upsert',
  subject: 'a',
  time: '2026-01-01T00:00:00Z',
  data: { file: { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' } },
};
const { time: _time, ...timeless } = event;

interface Delivery {
  readonly key?: string;
  readonly to?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Delivers an event, or a batch of them, signed unless `headers` say something else. */
function post(
  content: unknown,
  { key = secret, to = source, headers = {}, ...rest }: Delivery = {},
): Promise<HttpAnswer> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const at = new Date();
  return call(handler, {
    path: { source: to },
    headers: {
      'content-type': `application/cloudevents${Array.isArray(content) ? '-batch' : ''}+json`,
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(key).sign('msg_1', at, text),
      ...headers,
    },
    body: Buffer.from(text).toString('base64'),
    isBase64Encoded: true,
    ...rest,
  });
}

const receiptsSchema = z.strictObject({
  jobs: z.array(z.strictObject({ id: z.string(), type: z.string(), subject: z.string(), state: z.string() })),
});
const receipts = ({ body }: HttpAnswer) => receiptsSchema.parse(body).jobs;
const sent = () => sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);

async function storedJob(eventId = 'event-1'): Promise<Job | null> {
  return new Jobs(table().database, table().tableName).get(jobId(source, eventId));
}
async function storedAsset(subject = 'a'): Promise<Asset | null> {
  return new Assets(table().database, table().tableName).get(`${source}:${subject}`);
}
async function expectNothingStored(): Promise<void> {
  expect(await storedJob()).toBeNull();
  expect(await storedAsset()).toBeNull();
  expect(sent()).toEqual([]);
}
/** The state that an accepted event must end in, whatever happened on the way. */
async function expectAccepted(): Promise<void> {
  const [job, asset] = [await storedJob(), await storedAsset()];
  if (job === null || asset === null) throw new Error('The event was not stored.');
  expect(job.state).toBe('received');
  expect(asset.desired.content).toEqual({ order: job.order, value: { file: event.data.file } });
  expect(nextStep(job, asset).kind).toBe('stage');
  expect(sent().at(-1)).toMatchObject({ MessageBody: JSON.stringify({ jobId: job.id, attempt: 0 }) });
}

function expectOurFault(answer: HttpAnswer): void {
  expect(answer).toMatchObject({
    statusCode: 503,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: 'about:blank', title: 'Service Unavailable', status: 503 },
  });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.stringify(answer)).not.toContain('hunter2');
}

describe('an event', () => {
  it('is accepted with its job, and a message that says where to look', async () => {
    const answer = await post(event);
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer)).toEqual([
      { id: jobId(source, 'event-1'), type: 'asset.upsert', subject: 'a', state: 'received' },
    ]);
    expect(sent()).toHaveLength(1);
    expect(sent()[0]?.QueueUrl).toMatch(/stage$/);
    await expectAccepted();
  });

  it('that comes again gets the same job with 200', async () => {
    const first = await post(event);
    const second = await post(event);
    expect([first.statusCode, second.statusCode]).toEqual([202, 200]);
    expect(receipts(second)).toEqual(receipts(first));
    await expectAccepted();
  });

  it('that comes again after its job has gone on is told how far it is, and starts nothing', async () => {
    await post(event);
    await new Jobs(table().database, table().tableName).advance(jobId(source, 'event-1'), 'done');
    sqs.resetHistory();
    const again = await post(event);
    expect(again.statusCode).toBe(200);
    expect(receipts(again)[0]?.state).toBe('done');
    expect(sent()).toEqual([]);
  });

  it('without a time keeps the place of its first delivery, so that it never overtakes itself', async () => {
    sqs.on(SendMessageCommand).rejectsOnce(awsError('ServiceUnavailable')).resolves({ MessageId: '1' });
    expectOurFault(await post(timeless));
    expect((await post(timeless)).statusCode).toBe(200);
    await expectAccepted();
  });

  it('without a time is accepted once, however many deliveries come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(timeless)));
    expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 202)).toHaveLength(1);
    expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 200)).toHaveLength(4);
    await expectAccepted();
  });

  it('whose sender writes a new time into each delivery is not lost either', async () => {
    sqs.on(SendMessageCommand).rejectsOnce(awsError('ServiceUnavailable')).resolves({ MessageId: '1' });
    expectOurFault(await post(event));
    await post({ ...event, time: '2026-01-01T00:00:30Z' });
    await expectAccepted();
  });

  it('of a type nobody knows is accepted as ignored, and nothing is done for it', async () => {
    const answer = await post({ ...event, type: 'asset.exploded' });
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer)).toMatchObject([{ type: 'asset.exploded', state: 'ignored' }]);
    expect(await storedAsset()).toBeNull();
    expect(sent()).toEqual([]);
    expect((await post({ ...event, type: 'asset.exploded' })).statusCode).toBe(200);
  });

  it('about anything but content goes to the queue for metadata', async () => {
    await post({ ...event, type: 'asset.archive', data: {} });
    expect(sent()[0]?.QueueUrl).toMatch(/metadata$/);
  });

  it('that uses the id of another subject again is refused, and the other stays as it is', async () => {
    await post(event);
    const answer = await post({ ...event, subject: 'b' });
    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(await storedAsset('b')).toBeNull();
    await expectAccepted();
  });

  it('with a subject of the greatest length in bytes is accepted', async () => {
    const subject = '文'.repeat(1024);
    const answer = await post({ ...event, subject });
    expect(answer.statusCode).toBe(202);
    expect((await storedAsset(subject))?.desired.content?.value).toEqual({ file: event.data.file });
  });
});

const batchOf = (count: number) =>
  Array.from({ length: count }, (_none, index) => ({
    ...event,
    id: `event-${index}`,
    subject: `subject-${index % 7}`,
    time: `2026-01-01T00:00:${String(index % 60).padStart(2, '0')}Z`,
  }));

describe('a batch', () => {
  it('is answered with its jobs in its own order', async () => {
    const answer = await post(batchOf(20));
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer).map(({ id }) => id)).toEqual(batchOf(20).map(({ id }) => jobId(source, id)));
    expect(sent()).toHaveLength(20);
  });

  it('is new when one of its events is', async () => {
    await post(batchOf(2));
    expect((await post(batchOf(3))).statusCode).toBe(202);
    expect((await post(batchOf(3))).statusCode).toBe(200);
  });

  it('may hold one event twice', async () => {
    const answer = await post([event, event]);
    expect(answer.statusCode).toBe(202);
    expect(new Set(receipts(answer).map(({ id }) => id)).size).toBe(1);
    await expectAccepted();
  });

  it('with one bad event is refused with every fault, and nothing of it is stored', async () => {
    const bad = { ...event, id: 'event-2', data: { file: { name: '' }, metadata: { countries: ['UK'] } } };
    const answer = await post([event, bad, 7]);
    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        status: 400,
        errors: [
          { field: '[1].data.file.url', message: 'is missing' },
          { field: '[1].data.file.name' },
          { field: '[1].data.metadata.countries[0]' },
          { field: '[2]' },
        ],
      },
    });
    await expectNothingStored();
  });

  it('that uses one id for two subjects is refused, and nothing of it is stored', async () => {
    const answer = await post([event, { ...event, subject: 'b' }]);
    expect(answer.statusCode).toBe(400);
    await expectNothingStored();
    expect(await storedAsset('b')).toBeNull();
  });
});

describe('a delivery that is not taken', () => {
  it.each<[string, number, unknown, Delivery]>([
    ['without a signature', 401, event, { headers: { 'webhook-signature': '' } }],
    ['signed with another key', 401, event, { key: newSecret }],
    ['that says base64 of what is text', 401, event, { body: JSON.stringify(event), isBase64Encoded: true }],
    [
      'altered after it was signed',
      401,
      event,
      { body: JSON.stringify({ ...event, id: 'x' }), isBase64Encoded: false },
    ],
    ['with an old timestamp', 401, event, { headers: { 'webhook-timestamp': '1614265330' } }],
    ['for an unknown source', 404, event, { to: 'unheard-of' }],
    ['for a source called __proto__', 404, event, { to: '__proto__' }],
    ['for no source', 404, event, { to: '' }],
    ['in binary mode', 415, event.data, { headers: { 'content-type': 'application/json', 'ce-id': '1' } }],
    ['that is compressed', 415, event, { headers: { 'content-encoding': 'gzip' } }],
    ['that is no JSON', 400, '{', {}],
    ['that is empty', 400, '', {}],
    ['with an empty batch', 400, [], {}],
    ['with a batch of 101', 400, Array.from({ length: 101 }, () => event), {}],
    ['of one byte too much', 413, 'x'.repeat(256 * 1024 + 1), {}],
  ])('%s is answered with %i', async (_what, status, content, delivery) => {
    const answer = await post(content, delivery);
    expect(answer).toMatchObject({
      statusCode: status,
      headers: { 'content-type': 'application/problem+json' },
      body: { status },
    });
    await expectNothingStored();
  });

  it('says nothing of the secret', async () => {
    const answer = await post(event, { key: newSecret });
    expect(JSON.stringify(answer)).not.toContain(secret.slice(6, 20));
  });

  it('is the only one: a body of just the greatest length is taken', async () => {
    const padding = ' '.repeat(256 * 1024 - JSON.stringify(event).length);
    expect((await post(`${JSON.stringify(event)}${padding}`)).statusCode).toBe(202);
  });
});

describe('a source whose secret was just replaced', () => {
  it('is believed at once', async () => {
    await post({ ...event, id: 'event-0' });
    sources = { [source]: { secrets: [newSecret] } };
    expect((await post(event, { key: newSecret })).statusCode).toBe(202);
    expect((await post({ ...event, id: 'event-2' }, { key: secret })).statusCode).toBe(401);
  });

  it('costs no more than one look at the secret for many strangers', async () => {
    for (let count = 0; count < 10; count += 1) await post(event, { key: newSecret });
    expect(secrets.commandCalls(GetSecretValueCommand).length).toBeLessThanOrEqual(2);
  });

  it('is never told that it is wrong because the secret could not be read', async () => {
    await post({ ...event, id: 'event-0' });
    secrets.on(GetSecretValueCommand).rejects(awsError('InternalServiceError'));
    for (let count = 0; count < 3; count += 1) expectOurFault(await post(event, { key: newSecret }));
    secrets.on(GetSecretValueCommand).callsFake(() => ({
      SecretString: JSON.stringify({ [source]: { secrets: [newSecret] } }),
    }));
    expect((await post(event, { key: newSecret })).statusCode).toBe(202);
  });
});

describe('a failure of AWS', () => {
  const names = ['ProvisionedThroughputExceededException', 'InternalServerError', 'AccessDeniedException'];

  it.each(names)('of Secrets Manager (%s) is answered with 503', async (name) => {
    secrets.on(GetSecretValueCommand).rejects(awsError(name));
    expectOurFault(await post(event));
    expectOurFault(await post(event, { to: 'unheard-of' }));
    expectOurFault(await post(event, { key: newSecret }));
    await expectNothingStored();
  });

  it.each(['', 'hunter2', '[]', '{"demo":{"secrets":["hunter2"]}}'])(
    'such as a secret that says %j is answered with 503',
    async (SecretString) => {
      secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString }));
      expectOurFault(await post(event));
      await expectNothingStored();
    },
  );

  it.each(names)('of DynamoDB (%s) is answered with 503', async (name) => {
    database.reset();
    database.onAnyCommand().rejects(awsError(name));
    expectOurFault(await post(event));
    expect(sent()).toEqual([]);
  });

  it.each(names)(
    'of SQS (%s) is answered with 503, and the next delivery sends the message',
    async (name) => {
      sqs.on(SendMessageCommand).rejectsOnce(awsError(name)).resolves({ MessageId: 'message-1' });
      expectOurFault(await post(event));
      expect(await storedJob()).toMatchObject({ state: 'received' });

      const again = await post(event);
      expect(again.statusCode).toBe(200);
      expect(receipts(again)).toMatchObject([{ id: jobId(source, 'event-1'), state: 'received' }]);
      expect(sent()).toHaveLength(2);
      await expectAccepted();
    },
  );

  it.each([
    ['with a time', event],
    ['without a time', timeless],
  ])(
    'at any call to DynamoDB is healed by the next delivery of an event %s',
    async (_what, { id: _id, ...content }) => {
      let nth = 0;
      let wasReached = true;
      for (const fate of ['refused', 'made, but its answer is lost'] as const) {
        for (nth = 0, wasReached = true; wasReached; nth += 1) {
          const eventId = `event-${fate}-${nth}`;
          const delivered = { ...content, id: eventId, subject: eventId };
          const failing = nth;
          databaseCalls = 0;
          sqs.resetHistory();
          fateOf = (one) => (one === failing ? fate : 'made');
          const first = await post(delivered);
          wasReached = databaseCalls > failing;
          if (wasReached) expectOurFault(first);
          fateOf = () => 'made';

          const second = await post(delivered);
          expect([200, 202]).toContain(second.statusCode);
          expect(receipts(second)).toMatchObject([{ id: jobId(source, eventId), state: 'received' }]);
          const [job, asset] = [await storedJob(eventId), await storedAsset(eventId)];
          if (job === null || asset === null) throw new Error('The event was not stored.');
          expect(nextStep(job, asset).kind).toBe('stage');
          expect(sent().length).toBeGreaterThan(0);
        }
        expect(nth).toBeGreaterThan(4);
      }
    },
  );

  it('in the middle of a batch is answered with 503, and the next delivery completes it', async () => {
    const batch = ['a', 'b', 'c', 'd'].map((subject) => ({ ...event, id: subject, subject }));
    fateOf = (nth) => (nth % 5 === 4 ? 'refused' : 'made');
    expectOurFault(await post(batch));
    fateOf = () => 'made';
    expect((await post(batch)).statusCode).toBeLessThan(300);
    for (const { id } of batch) {
      const [job, asset] = [await storedJob(id), await storedAsset(id)];
      if (job === null || asset === null) throw new Error('An event was not stored.');
      expect(nextStep(job, asset).kind).toBe('stage');
      expect(sent().some(({ MessageBody }) => MessageBody?.includes(job.id))).toBe(true);
    }
  });
});
