import * as z from 'zod';
import { action } from '../action.ts';
import { composeMessage, outgoingMessage, receiptOf } from '../outgoing-message.ts';

const input = outgoingMessage.extend({ QueueUrl: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export const sendMessage = action(input, (given, { account }) => {
  const queue = account.byUrl(given.QueueUrl);
  const message = composeMessage(given, queue, account);
  queue.add([message]);
  return receiptOf(message, given);
});
