import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string(), ReceiptHandle: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html */
export const deleteMessage = action(input, ({ QueueUrl, ReceiptHandle }, { account }) => {
  account.byUrl(QueueUrl).delete([ReceiptHandle]);
  return {};
});
