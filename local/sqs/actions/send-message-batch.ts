import * as z from 'zod';
import { action } from '../action.ts';
import { runBatch } from '../batch.ts';
import { largestMessageBytes, sizeOf } from '../message-limits.ts';
import type { Message } from '../message.ts';
import { composeMessage, contentOf, outgoingMessage, receiptOf } from '../outgoing-message.ts';
import { SqsError } from '../sqs-error.ts';

const input = z.object({
  QueueUrl: z.string(),
  Entries: z.array(outgoingMessage.extend({ Id: z.string() })),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
export const sendMessageBatch = action(input, ({ QueueUrl, Entries }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  const bytes = Entries.reduce((sum, entry) => sum + sizeOf(contentOf(entry)), 0);
  if (bytes > largestMessageBytes) {
    const message = `Batch requests cannot be longer than ${largestMessageBytes} bytes. You have sent ${bytes} bytes.`;
    throw new SqsError('BatchRequestTooLong', message);
  }
  const messages: Message[] = [];
  const answer = runBatch(Entries, (entry) => {
    const message = composeMessage(entry, queue, account);
    messages.push(message);
    return receiptOf(message, entry);
  });
  queue.add(messages);
  return answer;
});
