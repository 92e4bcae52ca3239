import * as z from 'zod';
import { action } from '../action.ts';
import { describeReceived } from '../received-message.ts';
import { assertInRange } from '../sqs-error.ts';

const input = z.object({
  QueueUrl: z.string(),
  MaxNumberOfMessages: z.number().default(1),
  VisibilityTimeout: z.number().optional(),
  WaitTimeSeconds: z.number().optional(),
  // The name that this parameter had before.
  AttributeNames: z.array(z.string()).default([]),
  MessageSystemAttributeNames: z.array(z.string()).default([]),
  MessageAttributeNames: z.array(z.string()).default([]),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
export const receiveMessage = action(input, (given, { account }, { hasHungUp, onUndelivered }) => {
  const { MaxNumberOfMessages: atMost, MessageAttributeNames } = given;
  const queue = account.byUrl(given.QueueUrl);
  assertInRange('MaxNumberOfMessages', atMost, 1, 10);
  assertInRange('VisibilityTimeout', given.VisibilityTimeout, 0, 43_200);
  assertInRange('WaitTimeSeconds', given.WaitTimeSeconds, 0, 20);
  const asked = {
    system: [...given.AttributeNames, ...given.MessageSystemAttributeNames],
    custom: MessageAttributeNames,
  };
  const visibilityMs = (given.VisibilityTimeout ?? queue.setting('VisibilityTimeout')) * 1_000;
  const waitMs = (given.WaitTimeSeconds ?? queue.setting('ReceiveMessageWaitTimeSeconds')) * 1_000;
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  queue.poll({
    atMost,
    visibilityMs,
    waitMs,
    hasHungUp,
    fail: reject,
    answer: (messages) => {
      const described = messages.map((message) => describeReceived(message, queue.name, asked));
      if (described.length > 0) {
        onUndelivered(() => queue.giveBack(described.map(({ ReceiptHandle }) => ReceiptHandle)));
      }
      resolve(described.length === 0 ? {} : { Messages: described });
    },
  });
  return promise;
});
