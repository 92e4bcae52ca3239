import * as z from 'zod';
import { action } from '../action.ts';
import { assertAttributeNames } from '../queue-attributes.ts';
import type { Queue } from '../queue.ts';

const input = z.object({ QueueUrl: z.string(), AttributeNames: z.array(z.string()).default([]) });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html */
export const getQueueAttributes = action(input, ({ QueueUrl, AttributeNames }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  assertAttributeNames(AttributeNames);
  if (AttributeNames.length === 0) return {};
  const asked = Object.entries(attributesOf(queue)).filter(
    ([name]) => AttributeNames.includes('All') || AttributeNames.includes(name),
  );
  return { Attributes: Object.fromEntries(asked) };
});

function attributesOf(queue: Queue): Record<string, string> {
  const { record, arn } = queue;
  const { visible, delayed, inFlight } = queue.counts();
  return {
    QueueArn: arn,
    CreatedTimestamp: seconds(record.createdAt),
    LastModifiedTimestamp: seconds(record.modifiedAt),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ...record.attributes,
  };
}

const seconds = (milliseconds: number): string => String(Math.floor(milliseconds / 1_000));
