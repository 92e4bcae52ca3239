import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sqsHandler } from '../../lib/handlers.ts';
import { stepMessageSchema } from '../../lib/queues.ts';
import { resetServices } from '../../lib/services.ts';
import { invoke, stubEnvironment } from './invoke.ts';

const sqs = mockClient(SQSClient);
beforeEach(() => {
  stubEnvironment();
});
afterEach(async () => {
  sqs.reset();
  await resetServices();
  vi.unstubAllEnvs();
});

const failing = sqsHandler(stepMessageSchema, () => Promise.reject(new Error('Nobody knows why.')));
const record = (receives: number, queue = 'poll'): Partial<SQSRecord> => ({
  messageId: 'message-1',
  receiptHandle: 'handle-1',
  body: JSON.stringify({ jobId: 'job-1', attempt: 0 }),
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: '0',
    SenderId: 'sender',
    ApproximateFirstReceiveTimestamp: '0',
  },
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:eu-west-1:000000000000:${queue}`,
  awsRegion: 'eu-west-1',
});
const failed = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };

it.each([
  [1, 10],
  [2, 20],
  [4, 80],
  [99, 900],
])('a message that fails on receive %i is shown again after %i seconds', async (receives, seconds) => {
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
  expect(await invoke(failing, { Records: [record(receives)] })).toEqual(failed);
  expect(sqs.commandCalls(ChangeMessageVisibilityCommand).map(({ args }) => args[0].input)).toEqual([
    {
      QueueUrl: 'http://127.0.0.1:1/000000000000/poll',
      ReceiptHandle: 'handle-1',
      VisibilityTimeout: seconds,
    },
  ]);
});

it('a message that cannot be shown again sooner still goes back', async () => {
  sqs.on(ChangeMessageVisibilityCommand).rejects(new Error('SQS is down.'));
  expect(await invoke(failing, { Records: [record(1)] })).toEqual(failed);
});

it('a message of a queue that is none of ours is left alone', async () => {
  expect(await invoke(failing, { Records: [record(1, 'theirs')] })).toEqual(failed);
  expect(sqs.calls()).toEqual([]);
});
