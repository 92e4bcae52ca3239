import * as z from 'zod';
import { action } from '../action.ts';
import { runBatch } from '../batch.ts';
import { readReceiptHandle } from '../receipt-handle.ts';

const input = z.object({
  QueueUrl: z.string(),
  Entries: z.array(z.object({ Id: z.string(), ReceiptHandle: z.string() })),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html */
export const deleteMessageBatch = action(input, ({ QueueUrl, Entries }, { account }) => {
  const queue = account.byUrl(QueueUrl);
  const handles: string[] = [];
  const answer = runBatch(Entries, ({ ReceiptHandle }) => {
    readReceiptHandle(ReceiptHandle, queue.name);
    handles.push(ReceiptHandle);
    return {};
  });
  queue.delete(handles);
  return answer;
});
