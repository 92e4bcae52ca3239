import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import { handler } from '../../functions/receive-message.ts';
import { jobId, Jobs } from '../../lib/jobs.ts';
import { nextStep } from '../../lib/next-step.ts';
import { ParkedPayloads } from '../../lib/parked-payloads.ts';
import { sqsEvent } from '../../local/sqs-event.ts';
import { believeTopic, createSnsTopic } from '../sns-topic.ts';
import {
  aws,
  awsError,
  event,
  expectAccepted,
  secret,
  sent,
  storedAsset,
  storedJob,
  table,
  timeless,
} from './ingest.ts';
import { invoke } from './invoke.ts';

const answerSchema = z.strictObject({
  batchItemFailures: z.array(z.strictObject({ itemIdentifier: z.string() })),
});
const sentAt = Date.parse('2026-03-01T10:00:00.123Z');
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

interface Message {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly system?: Readonly<Record<string, string>>;
}

/** Hands a message to the function as its queue does; answers whether it was taken. */
async function receive(content: unknown, { attributes, system = {} }: Message = {}): Promise<boolean> {
  const Body = typeof content === 'string' ? content : JSON.stringify(content);
  const given = Object.entries(attributes ?? { source: aws.source });
  const message = {
    MessageId: 'message',
    ReceiptHandle: 'receipt',
    Body,
    Attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(sentAt), ...system },
    MessageAttributes: Object.fromEntries(
      given.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
  };
  const queueArn = 'arn:aws:sqs:eu-west-1:000000000000:events';
  return (
    answerSchema.parse(await invoke(handler, sqsEvent([message], queueArn))).batchItemFailures.length === 0
  );
}
const parked = () => new ParkedPayloads(table().database, table().tableName);

beforeEach(() => {
  const redrive = { deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:000000000000:letters', maxReceiveCount: 10 };
  aws.mocks.sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: { VisibilityTimeout: '420', RedrivePolicy: JSON.stringify(redrive) },
  });
});

test('an event without a time is ordered by when its message was sent, however often it comes', async () => {
  expect(await receive(timeless)).toBe(true);
  const job = await storedJob();
  expect(job?.order).toBe('02026-03-01T10:00:00.123000000Z event-1');
  expect(await receive(timeless, { system: { ApproximateReceiveCount: '2' } })).toBe(true);
  expect(await storedJob()).toMatchObject({ order: job?.order, createdAt: job?.createdAt });
});

test('two deliveries at once are one job', async () => {
  const [one, other] = await Promise.all([receive(event), receive(event)]);
  expect([one, other]).toEqual([true, true]);
  await expectAccepted();
});

test('the allowance of a source is not asked: nobody would hear the refusal', async () => {
  aws.sources = { [aws.source]: { secrets: [secret], eventsPerMinute: 1 } };
  const batch = ['a', 'b', 'c'].map((id) => ({ ...event, id, subject: id }));
  expect(await receive(batch)).toBe(true);
  for (const { id } of batch) expect(await storedJob(id)).toMatchObject({ state: 'received' });
});

test('the sources are told to the sweeper', async () => {
  await receive(event);
  const roster = { pk: 'SOURCES', sk: 'ROSTER' };
  const { Item } = await table().database.send(new GetCommand({ TableName: table().tableName, Key: roster }));
  expect(Item).toMatchObject({ sources: { [aws.source]: {} } });
});

test('a subscription of the queue to the topic of a source is confirmed, and to no other', async () => {
  const topic = createSnsTopic();
  believeTopic(topic);
  aws.sources = { [aws.source]: { secrets: [secret], topicArn: topic.topicArn } };
  const asking = topic.confirmation();
  expect(await receive(asking, { attributes: {} })).toBe(true);
  expect(topic.asked).toEqual([asking['SubscribeURL']]);
  const stranger = createSnsTopic('arn:aws:sns:eu-west-1:123456789012:other').confirmation();
  expect(await receive(stranger, { attributes: {} })).toBe(false);
  const elsewhere = topic.confirmation('SubscriptionConfirmation', { SubscribeURL: 'https://example.com/' });
  expect(await receive(elsewhere, { attributes: {} })).toBe(false);
  expect(topic.asked).toHaveLength(1);
  expect(sent()).toEqual([]);
});

describe('the trace of a job is', () => {
  it.each<[string, Message, object]>([
    [
      'that of the event',
      { attributes: { traceparent: `00-${'1'.repeat(32)}-00f067aa0ba902b7-01` } },
      { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    ],
    ['that of the message', { attributes: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } }, {}],
    [
      'that which X-Ray gave the message',
      { system: { AWSTraceHeader: `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Sampled=1` } },
      {},
    ],
  ])('%s', async (_what, { attributes = {}, system = {} }, changes) => {
    await receive({ ...event, ...changes }, { attributes: { ...attributes, source: aws.source }, system });
    expect((await storedJob())?.traceId).toBe(trace);
  });
});

describe('a failure of AWS', () => {
  it.each(['ProvisionedThroughputExceededException', 'AccessDeniedException'])(
    'of Secrets Manager (%s) lets the message come again',
    async (name) => {
      aws.mocks.secrets
        .on(GetSecretValueCommand)
        .rejectsOnce(awsError(name))
        .callsFake(() => ({ SecretString: JSON.stringify(aws.sources) }));
      expect(await receive(event)).toBe(false);
      expect(await storedJob()).toBeNull();
      expect(await receive(event)).toBe(true);
      await expectAccepted();
    },
  );

  it('of SQS lets what cannot be read come again, and then it is kept once', async () => {
    aws.mocks.sqs.on(SendMessageCommand).rejectsOnce(awsError('ServiceUnavailable')).resolves({});
    expect(await receive('not JSON')).toBe(false);
    expect(await receive('not JSON')).toBe(true);
    const ids = new Set(sent().map(({ MessageBody = '' }) => MessageBody));
    expect([sent().length, ids.size]).toEqual([2, 1]);
  });

  it('of SQS lets the message come again, and then the next step is told', async () => {
    aws.mocks.sqs.on(SendMessageCommand).rejectsOnce(awsError('ServiceUnavailable')).resolves({});
    expect(await receive(event)).toBe(false);
    expect(await receive(event)).toBe(true);
    await expectAccepted();
  });

  it.each([
    ['with a time', event],
    ['without a time', timeless],
  ])(
    'at any call to DynamoDB is healed when the message of an event %s comes again',
    async (_what, content) => {
      const reached = await atEveryCall(
        (eventId) => {
          const delivered = { ...content, id: eventId, subject: eventId };
          return () => receive(delivered);
        },
        async (eventId) => {
          const [job, asset] = [await storedJob(eventId), await storedAsset(eventId)];
          if (job === null || asset === null) throw new Error('The event was not stored.');
          expect(nextStep(job, asset).kind).toBe('stage');
          expect(sent().some(({ MessageBody }) => MessageBody?.includes(job.id))).toBe(true);
        },
      );
      expect(reached).toBeGreaterThan(3);
    },
  );

  it('at any call to DynamoDB is healed for what cannot be read, which is kept', async () => {
    const bodies = new Map<string, string>();
    const reached = await atEveryCall(
      (eventId) => {
        bodies.set(eventId, `not JSON: ${eventId}`);
        return () => receive(bodies.get(eventId));
      },
      async (eventId) => {
        const announced = sent().map(
          ({ MessageBody = '{}' }) => (JSON.parse(MessageBody) as { jobId: string }).jobId,
        );
        const id = announced.at(-1) ?? '';
        const job = await new Jobs(table().database, table().tableName).get(id);
        expect(job).toMatchObject({ state: 'failed', error: { code: 'PAYLOAD_UNREADABLE' } });
        expect(job?.id).toBe(jobId(aws.source, job?.eventId ?? ''));
        expect((await parked().get(id))?.body.toString()).toBe(bodies.get(eventId));
      },
    );
    expect(reached).toBeGreaterThan(1);
  });

  /** Lets the first delivery meet a failure at its first call, then at its second, and so on; then comes another. */
  async function atEveryCall(
    prepare: (eventId: string) => () => Promise<boolean>,
    check: (eventId: string) => Promise<void>,
  ): Promise<number> {
    let most = 0;
    for (const fate of ['refused', 'made, but its answer is lost'] as const) {
      for (let failing = 0; ; failing += 1) {
        const eventId = `event-${fate}-${failing}`;
        const deliver = prepare(eventId);
        aws.databaseCalls = 0;
        aws.mocks.sqs.resetHistory();
        aws.fateOf = (nth) => (nth === failing ? fate : 'made');
        const isTaken = await deliver();
        const wasReached = aws.databaseCalls > failing;
        aws.fateOf = () => 'made';
        if (!isTaken) expect(await deliver()).toBe(true);
        await check(eventId);
        if (!wasReached) break;
        most = Math.max(most, failing + 1);
      }
    }
    return most;
  }
});
