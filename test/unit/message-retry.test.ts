import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { setImmediate } from 'node:timers/promises';
import type { SQSRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { currentWork } from '../../lib/current-work.ts';
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
afterAll(() => {
  sqs.restore();
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
const shownAgain = () => sqs.commandCalls(ChangeMessageVisibilityCommand).map(({ args }) => args[0].input);
const failed = { batchItemFailures: [{ itemIdentifier: 'message-1' }] };

it.each([
  [1, 10],
  [2, 20],
  [4, 80],
  [99, 900],
])('a message that fails on receive %i is shown again within %i seconds', async (receives, seconds) => {
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
  expect(await invoke(failing, { Records: [record(receives)] })).toEqual(failed);
  const [change, ...others] = shownAgain();
  expect(others).toEqual([]);
  expect(change).toMatchObject({
    QueueUrl: 'http://127.0.0.1:1/000000000000/poll',
    ReceiptHandle: 'handle-1',
  });
  expect(change?.VisibilityTimeout).toBeGreaterThanOrEqual(seconds / 2);
  expect(change?.VisibilityTimeout).toBeLessThanOrEqual(seconds);
});

it('a message is not begun near the end of the invocation, and is shown again at once', async () => {
  sqs.on(ChangeMessageVisibilityCommand).resolves({});
  let told = 0;
  const telling = sqsHandler(stepMessageSchema, () => {
    told += 1;
    return Promise.resolve();
  });
  expect(await invoke(telling, { Records: [record(1)] }, 14)).toEqual(failed);
  expect(told).toBe(0);
  expect(shownAgain().map(({ VisibilityTimeout }) => VisibilityTimeout)).toEqual([0]);
  expect(await invoke(telling, { Records: [record(1)] }, 20)).toEqual({ batchItemFailures: [] });
  expect(told).toBe(1);
});

it('whoever is called by a message under way can see when the invocation ends its work', async () => {
  const seen: (AbortSignal | undefined)[] = [];
  const look = sqsHandler(stepMessageSchema, async (_message, { signal }) => {
    await setImmediate();
    seen.push(signal, currentWork().signal);
  });
  await invoke(look, { Records: [record(1)] });
  expect(seen[0]).toBeInstanceOf(AbortSignal);
  expect(seen[1]).toBe(seen[0]);
  expect(currentWork().signal).toBeUndefined();
});

it('a message that cannot be shown again sooner still goes back', async () => {
  sqs.on(ChangeMessageVisibilityCommand).rejects(new Error('SQS is down.'));
  expect(await invoke(failing, { Records: [record(1)] })).toEqual(failed);
});

it('a message of a queue that is none of ours is left alone', async () => {
  expect(await invoke(failing, { Records: [record(1, 'theirs')] })).toEqual(failed);
  expect(sqs.calls()).toEqual([]);
});
