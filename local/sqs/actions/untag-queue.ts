import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string(), TagKeys: z.array(z.string()) });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_UntagQueue.html */
export const untagQueue = action(input, ({ QueueUrl, TagKeys }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  const kept = Object.entries(queue.record.tags).filter(([key]) => !TagKeys.includes(key));
  queue.update({ tags: Object.fromEntries(kept) });
  return {};
});
