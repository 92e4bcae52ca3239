import * as z from 'zod';
import { action } from '../action.ts';
import { queueUrlPage } from '../queue-url-page.ts';

const input = z.object({
  QueueUrl: z.string(),
  MaxResults: z.number().optional(),
  NextToken: z.string().optional(),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html */
export const listDeadLetterSourceQueues = action(input, ({ QueueUrl, ...page }, context) => {
  const { account } = context;
  const { urls, next } = queueUrlPage(account.sourcesOf(account.byUrl(QueueUrl)), page, context);
  return { queueUrls: urls, ...next };
});
