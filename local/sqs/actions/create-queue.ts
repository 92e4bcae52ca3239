import * as z from 'zod';
import { action } from '../action.ts';
import { invalidParameter, SqsError } from '../sqs-error.ts';

const input = z.object({
  QueueName: z.string(),
  Attributes: z.record(z.string(), z.string()).default({}),
  tags: z.record(z.string(), z.string()).default({}),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
export const createQueue = action(input, ({ QueueName, Attributes, tags }, { account, origin }) => {
  if (QueueName.endsWith('.fifo') || Attributes['FifoQueue'] === 'true') {
    const message = `The local SQS has standard queues only; ${QueueName} would be a FIFO queue.`;
    throw new SqsError('UnsupportedOperation', message);
  }
  if (!/^[\w-]{1,80}$/u.test(QueueName)) {
    const reason = 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.';
    throw invalidParameter('QueueName', QueueName, reason);
  }
  const existing = account.byName(QueueName);
  for (const [name, value] of Object.entries(existing === undefined ? {} : Attributes)) {
    if (existing?.record.attributes[name] === value) continue;
    const message = `A queue already exists with the same name and a different value for attribute ${name}`;
    throw new SqsError('QueueNameExists', message);
  }
  const queue = existing ?? account.create(QueueName, Attributes, tags);
  return { QueueUrl: `${origin}${account.path(queue)}` };
});
