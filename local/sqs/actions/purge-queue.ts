import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html */
export const purgeQueue = action(input, ({ QueueUrl }, { account }) => {
  account.byUrl(QueueUrl).purge();
  return {};
});
