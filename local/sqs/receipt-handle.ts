import { SqsError } from './sqs-error.ts';

/** Which receive of which message a receipt handle stands for. */
export interface Receipt {
  readonly queueName: string;
  readonly messageId: string;
  readonly receiveCount: number;
}

const pattern = /^([\w-]+) ([\da-f-]{36}) (\d+)$/u;

export function receiptHandle({ queueName, messageId, receiveCount }: Receipt): string {
  return Buffer.from(`${queueName} ${messageId} ${receiveCount}`).toString('base64');
}

/** @throws {SqsError} ReceiptHandleIsInvalid, also for one of another queue */
export function readReceiptHandle(handle: string, queueName: string): Receipt {
  const [, name, messageId = '', receiveCount] = pattern.exec(Buffer.from(handle, 'base64').toString()) ?? [];
  if (name !== queueName) {
    const message = `The input receipt handle "${handle}" is not a valid receipt handle.`;
    throw new SqsError('ReceiptHandleIsInvalid', message);
  }
  return { queueName, messageId, receiveCount: Number(receiveCount) };
}
