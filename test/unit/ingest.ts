import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import * as z from 'zod';
import { handler } from '../../functions/receive-event.ts';
import type { Asset } from '../../lib/asset-state.ts';
import { Assets } from '../../lib/assets.ts';
import { jobId, Jobs, type Job } from '../../lib/jobs.ts';
import { nextStep } from '../../lib/next-step.ts';
import { resetServices } from '../../lib/services.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { call, stubEnvironment, type HttpAnswer } from './invoke.ts';

export const table = useEmbeddedTable();
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const newSecret = `whsec_${Buffer.from('the secret that replaces it.').toString('base64')}`;

/** What becomes of the nth call to DynamoDB, from 0. */
type Fate = 'made' | 'refused' | 'made, but its answer is lost';

const mockAws = () => ({
  database: mockClient(DynamoDBDocumentClient),
  sqs: mockClient(SQSClient),
  secrets: mockClient(SecretsManagerClient),
});

/** AWS as the test that runs wants it: DynamoDB is an emulator that can fail, SQS and Secrets Manager are mocks. */
class Aws {
  fateOf: (nth: number) => Fate = () => 'made';
  databaseCalls = 0;
  /** What the secret lists. */
  sources: unknown;
  /** The source of the running test. */
  source = '';
  #mocks: ReturnType<typeof mockAws> | undefined;
  #makeReally: CallableFunction = () => undefined;

  get mocks(): ReturnType<typeof mockAws> {
    if (this.#mocks === undefined) throw new Error('AWS is there only while tests run.');
    return this.#mocks;
  }

  start(): void {
    // Bound before the class is mocked.
    this.#makeReally = table().database.send.bind(table().database);
    this.#mocks = mockAws();
  }

  reset(source: string): void {
    this.source = source;
    this.sources = { [source]: { secrets: [secret] } };
    this.fateOf = () => 'made';
    this.databaseCalls = 0;
    const { database, sqs, secrets } = this.mocks;
    database.reset();
    database.on(GetCommand).callsFake(this.#makeCall(GetCommand));
    database.on(PutCommand).callsFake(this.#makeCall(PutCommand));
    database.on(UpdateCommand).callsFake(this.#makeCall(UpdateCommand));
    sqs.reset();
    sqs.on(SendMessageCommand).resolves({ MessageId: 'message-1' });
    secrets.reset();
    secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: JSON.stringify(this.sources) }));
  }

  restore(): void {
    for (const mock of Object.values(this.mocks)) mock.restore();
  }

  #makeCall<Input>(Command: new (input: Input) => object) {
    return async (input: Input): Promise<unknown> => {
      const fate = this.fateOf(this.databaseCalls);
      this.databaseCalls += 1;
      if (fate === 'refused') throw awsError('ProvisionedThroughputExceededException');
      const answer: unknown = await Reflect.apply(this.#makeReally, undefined, [new Command(input)]);
      if (fate !== 'made') throw awsError('TimeoutError');
      return answer;
    };
  }
}

export const aws = new Aws();

export function awsError(name: string): Error {
  return Object.assign(new Error('The call failed: hunter2'), { name });
}

let tests = 0;
beforeAll(() => {
  aws.start();
});
beforeEach(() => {
  tests += 1;
  aws.reset(`source-${tests}`);
  stubEnvironment({ ...table().environment, TABLE_NAME: table().tableName });
});
afterEach(async () => {
  await resetServices();
  vi.unstubAllEnvs();
});
afterAll(() => {
  aws.restore();
});

export const event = {
  specversion: '1.0',
  id: 'event-1',
  source: '/dam',
  type: 'asset.upsert',
  subject: 'a',
  time: '2026-01-01T00:00:00Z',
  data: { file: { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' } },
};
const { time: _time, ...timelessEvent } = event;
/** The same without a time of its own. */
export const timeless = timelessEvent;

export interface Delivery {
  readonly key?: string;
  readonly to?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Delivers an event, or a batch of them, signed unless `headers` say something else. */
export function post(
  content: unknown,
  { key = secret, to = aws.source, headers = {}, ...rest }: Delivery = {},
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
export const receipts = ({ body }: HttpAnswer) => receiptsSchema.parse(body).jobs;
export const sent = () => aws.mocks.sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);

export async function storedJob(eventId = 'event-1'): Promise<Job | null> {
  return new Jobs(table().database, table().tableName).get(jobId(aws.source, eventId));
}
export async function storedAsset(subject = 'a'): Promise<Asset | null> {
  return new Assets(table().database, table().tableName).get(`${aws.source}:${subject}`);
}
export async function expectNothingStored(): Promise<void> {
  expect(await storedJob()).toBeNull();
  expect(await storedAsset()).toBeNull();
  expect(sent()).toEqual([]);
}
/** The state that an accepted event must end in, whatever happened on the way. */
export async function expectAccepted(): Promise<void> {
  const [job, asset] = [await storedJob(), await storedAsset()];
  if (job === null || asset === null) throw new Error('The event was not stored.');
  expect(job.state).toBe('received');
  expect(asset.desired.content).toEqual({ order: job.order, value: { file: event.data.file } });
  expect(nextStep(job, asset).kind).toBe('stage');
  expect(sent().at(-1)).toMatchObject({ MessageBody: JSON.stringify({ jobId: job.id, attempt: 0 }) });
}

export function expectOurFault(answer: HttpAnswer): void {
  expect(answer).toMatchObject({
    statusCode: 503,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: 'about:blank', title: 'Service Unavailable', status: 503 },
  });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.stringify(answer)).not.toContain('hunter2');
}

/** Lets the event's job go on as its worker would. */
export async function endJob(eventId = 'event-1'): Promise<void> {
  await new Jobs(table().database, table().tableName).end({ id: jobId(aws.source, eventId) }, 'done');
}
