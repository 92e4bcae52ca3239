import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueName: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html */
export const getQueueUrl = action(input, ({ QueueName }, { account, origin }) => ({
  QueueUrl: `${origin}${account.path(account.byUrlName(QueueName))}`,
}));
