import * as z from 'zod';
import { action } from '../action.ts';
import { runBatch } from '../batch.ts';
import { assertInRange } from '../sqs-error.ts';

const input = z.object({
  QueueUrl: z.string(),
  Entries: z.array(
    z.object({ Id: z.string(), ReceiptHandle: z.string(), VisibilityTimeout: z.number().default(0) }),
  ),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html */
export const changeMessageVisibilityBatch = action(input, ({ QueueUrl, Entries }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  return runBatch(Entries, ({ ReceiptHandle, VisibilityTimeout }) => {
    assertInRange('VisibilityTimeout', VisibilityTimeout, 0, 43_200);
    queue.changeVisibility(ReceiptHandle, VisibilityTimeout * 1_000);
    return {};
  });
});
