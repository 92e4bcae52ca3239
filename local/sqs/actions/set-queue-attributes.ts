import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string(), Attributes: z.record(z.string(), z.string()) });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
export const setQueueAttributes = action(input, ({ QueueUrl, Attributes }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  account.assertUsable(queue.name, Attributes);
  const all = Object.entries({ ...queue.record.attributes, ...Attributes });
  queue.update({ attributes: Object.fromEntries(all.filter(([, value]) => value !== '')) });
  return {};
});
