import { EventEmitter, once } from 'node:events';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAws } from '../../local/aws.ts';
import type { Aws } from '../../local/aws.ts';
import { startEventSourceMapping } from '../../local/event-source-mapping.ts';
import type { EventSourceMapping, EventSourceMappingSettings } from '../../local/event-source-mapping.ts';
import type { InvocationResult } from '../../local/lambda.ts';

const queueArn = 'arn:aws:sqs:eu-west-1:000000000000:work';
const succeeded: InvocationResult = { ok: true, payload: null };
const failed = (...ids: string[]): InvocationResult => ({
  ok: true,
  payload: { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) },
});

let aws: Aws;
let sqs: SQSClient;
let queueUrl: string;
let mapping: EventSourceMapping | undefined;
let reports: string[];

beforeEach(async () => {
  reports = [];
  aws = await startAws('eu-west-1');
  sqs = new SQSClient({
    region: 'eu-west-1',
    endpoint: aws.endpoints.sqs,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await sqs.send(new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '600' } }));
  queueUrl = `${aws.endpoints.sqs}/000000000000/work`;
});
afterEach(async () => {
  const pausing = mapping?.pause();
  await mapping?.idle();
  await aws.close();
  await pausing;
  sqs.destroy();
});

const start = (
  invoke: (records: readonly SQSRecord[]) => Promise<InvocationResult> | InvocationResult,
  settings: Partial<EventSourceMappingSettings> = {},
): EventSourceMapping => {
  mapping = startEventSourceMapping(
    {
      functionName: 'work',
      queueUrl,
      queueArn,
      batchSize: 10,
      batchingWindowSeconds: 0,
      maximumConcurrency: 5,
      reportsFailures: true,
      ...settings,
    },
    sqs,
    async ({ Records }: SQSEvent) => invoke(Records),
    (line) => reports.push(line),
  );
  return mapping;
};
const send = async (...bodies: string[]): Promise<void> => {
  for (const body of bodies) {
    const attribute = { DataType: 'String', StringValue: body };
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: { attribute },
        MessageGroupId: 'demo',
      }),
    );
  }
};
const counts = async (): Promise<{ visible: number; inFlight: number }> => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  return {
    visible: Number(Attributes?.['ApproximateNumberOfMessages']),
    inFlight: Number(Attributes?.['ApproximateNumberOfMessagesNotVisible']),
  };
};
/** Collects the bodies that arrive and waits until there are so many. */
const collector = () => {
  const changes = new EventEmitter();
  const bodies: string[] = [];
  return {
    bodies,
    add: (records: readonly SQSRecord[]) => {
      bodies.push(...records.map(({ body }) => body));
      changes.emit('change');
    },
    reaches: async (count: number): Promise<void> => {
      while (bodies.length < count) await once(changes, 'change');
    },
  };
};

it('hands over records as AWS does and deletes them after a success', async () => {
  await send('one');
  const records = Promise.withResolvers<readonly SQSRecord[]>();
  const running = start((batch) => {
    records.resolve(batch);
    return succeeded;
  });
  expect(await records.promise).toEqual([
    {
      messageId: expect.any(String) as unknown,
      receiptHandle: expect.any(String) as unknown,
      body: 'one',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/) as unknown,
        SenderId: expect.any(String) as unknown,
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as unknown,
        MessageGroupId: 'demo',
      },
      messageAttributes: {
        attribute: { stringValue: 'one', stringListValues: [], binaryListValues: [], dataType: 'String' },
      },
      md5OfBody: 'f97c5d29941bfb1b2fdab0874906ab82',
      md5OfMessageAttributes: expect.any(String) as unknown,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: 'eu-west-1',
    },
  ]);
  await running.idle();
  expect(await counts()).toEqual({ visible: 0, inFlight: 0 });
});

it('keeps the failed messages of a batch in flight and delivers them again when they are made visible', async () => {
  await send('good', 'bad');
  const arrived = collector();
  const running = start((records) => {
    arrived.add(records);
    return failed(
      ...records
        .filter(({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1')
        .map(({ messageId }) => messageId),
    );
  });
  await arrived.reaches(2);
  await running.idle();
  expect(await counts()).toEqual({ visible: 0, inFlight: 1 });

  await running.redeliver();
  await arrived.reaches(3);
  await running.idle();
  expect(arrived.bodies.toSorted()).toEqual(['bad', 'bad', 'good']);
  expect(await counts()).toEqual({ visible: 0, inFlight: 0 });
});

it('passes by failed messages that have become dead letters meanwhile', async () => {
  const { QueueUrl: dead } = await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
  const deadLetterTargetArn = 'arn:aws:sqs:eu-west-1:000000000000:dead';
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { RedrivePolicy } }));
  await send('bad');
  const arrived = collector();
  let ReceiptHandle = '';
  const running = start((records) => {
    ReceiptHandle = records[0]?.receiptHandle ?? '';
    arrived.add(records);
    return failed(...records.map(({ messageId }) => messageId));
  });
  await arrived.reaches(1);
  await running.idle();
  const show = { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 };
  await sqs.send(new ChangeMessageVisibilityCommand(show));
  const letter = new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 20 });
  expect((await sqs.send(letter)).Messages).toHaveLength(1);
  await running.redeliver();
  expect(arrived.bodies).toEqual(['bad']);
});

it.each([
  ['an error', { ok: false, errorType: 'Error', errorMessage: '' }],
  ['a timeout', { ok: false, errorType: 'Sandbox.Timedout', errorMessage: '' }],
  ['an unknown id', failed('unknown')],
] as const)('deletes nothing of a batch after %s', async (_what, result) => {
  await send('one', 'two');
  const arrived = collector();
  const running = start((records) => {
    arrived.add(records);
    return result;
  });
  await arrived.reaches(2);
  await running.idle();
  expect(await counts()).toEqual({ visible: 0, inFlight: 2 });
});

it('never runs more invocations at once than the maximum, and as many as that', async () => {
  await send('1', '2', '3', '4');
  const arrived = collector();
  let running = 0;
  let most = 0;
  let open = Promise.withResolvers<void>();
  start(
    async (records) => {
      running += 1;
      most = Math.max(most, running);
      arrived.add(records);
      if (running === 2) open.resolve();
      await open.promise;
      running -= 1;
      if (running === 0) open = Promise.withResolvers();
      return succeeded;
    },
    { batchSize: 1, maximumConcurrency: 2 },
  );
  await arrived.reaches(4);
  expect(most).toBe(2);
});

it('waits for a full batch, but no longer than the batching window', async () => {
  const batches: number[] = [];
  const arrived = collector();
  const running = start(
    (records) => {
      batches.push(records.length);
      arrived.add(records);
      return succeeded;
    },
    { batchSize: 12, batchingWindowSeconds: 1 },
  );
  await send(...Array.from({ length: 13 }, (_, index) => String(index)));
  await arrived.reaches(13);
  await running.idle();
  expect(batches).toEqual([12, 1]);
});

it('starts no invocation after a pause, and loses no message', async () => {
  const arrived = collector();
  const running = start((records) => {
    arrived.add(records);
    return succeeded;
  });
  const paused = running.pause();
  await send('later');
  await paused;
  expect(await counts()).toEqual({ visible: 1, inFlight: 0 });
  expect(arrived.bodies).toEqual([]);

  running.resume();
  await arrived.reaches(1);
  await running.idle();
  expect(await counts()).toEqual({ visible: 0, inFlight: 0 });
});

it('says when a queue cannot be polled', async () => {
  const reported = Promise.withResolvers<string>();
  mapping = startEventSourceMapping(
    {
      functionName: 'work',
      queueUrl: `${queueUrl}-unknown`,
      queueArn,
      batchSize: 1,
      batchingWindowSeconds: 0,
      maximumConcurrency: 2,
      reportsFailures: true,
    },
    sqs,
    () => Promise.resolve(succeeded),
    reported.resolve,
  );
  expect(await reported.promise).toContain(`work: polling ${queueArn} failed`);
});
