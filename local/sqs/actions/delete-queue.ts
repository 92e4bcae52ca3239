import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html */
export const deleteQueue = action(input, ({ QueueUrl }, { account }) => {
  account.delete(account.byUrl(QueueUrl));
  return {};
});
