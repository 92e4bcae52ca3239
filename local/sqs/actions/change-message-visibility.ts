import * as z from 'zod';
import { action } from '../action.ts';
import { assertInRange } from '../sqs-error.ts';

const input = z.object({ QueueUrl: z.string(), ReceiptHandle: z.string(), VisibilityTimeout: z.number() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
export const changeMessageVisibility = action(input, (given, { account }) => {
  const { QueueUrl, ReceiptHandle, VisibilityTimeout } = given;
  assertInRange('VisibilityTimeout', VisibilityTimeout, 0, 43_200);
  account.byUrl(QueueUrl).changeVisibility(ReceiptHandle, VisibilityTimeout * 1_000);
  return {};
});
