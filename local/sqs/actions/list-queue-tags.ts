import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ QueueUrl: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueueTags.html */
export const listQueueTags = action(input, ({ QueueUrl }, { account }) => ({
  Tags: account.byUrl(QueueUrl).record.tags,
}));
