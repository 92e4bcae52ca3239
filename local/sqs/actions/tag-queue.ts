import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string(), Tags: z.record(z.string(), z.string()) });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html */
export const tagQueue = action(input, ({ QueueUrl, Tags }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  queue.update({ tags: { ...queue.record.tags, ...Tags } });
  return {};
});
