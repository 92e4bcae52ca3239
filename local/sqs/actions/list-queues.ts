import * as z from 'zod';
import { action } from '../action.ts';
import { queueUrlPage } from '../queue-url-page.ts';

const input = z.object({
  QueueNamePrefix: z.string().default(''),
  MaxResults: z.number().optional(),
  NextToken: z.string().optional(),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html */
export const listQueues = action(input, ({ QueueNamePrefix, ...page }, context) => {
  const queues = context.account.queues.filter(({ name }) => name.startsWith(QueueNamePrefix));
  const { urls, next } = queueUrlPage(queues, page, context);
  return { ...(urls.length > 0 && { QueueUrls: urls }), ...next };
});
