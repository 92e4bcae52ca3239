import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Queue } from './resources.ts';

export interface QueueCounts {
  readonly visible: number;
  readonly delayed: number;
  readonly inFlight: number;
}

export interface DeadLetter {
  /** Logical id of the dead-letter queue. */
  readonly queue: string;
  readonly messageId: string;
  readonly body: string;
  readonly receiveCount: number;
}

export async function countMessages(sqs: SQSClient, { url }: Queue): Promise<QueueCounts> {
  const names = {
    visible: 'ApproximateNumberOfMessages',
    delayed: 'ApproximateNumberOfMessagesDelayed',
    inFlight: 'ApproximateNumberOfMessagesNotVisible',
  } as const;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: Object.values(names) }),
  );
  const count = (name: keyof typeof names): number => Number(Attributes?.[names[name]] ?? 0);
  return { visible: count('visible'), delayed: count('delayed'), inFlight: count('inFlight') };
}

/** Reads every message of a queue that nobody consumes, and leaves it there. */
export async function readDeadLetters(sqs: SQSClient, { logicalId, url }: Queue): Promise<DeadLetter[]> {
  const received: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        VisibilityTimeout: 30,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    received.push(...Messages);
    if (Messages.length === 0) break;
  }
  await Promise.all(
    received.map(({ ReceiptHandle }) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 })),
    ),
  );
  return received.map(({ MessageId = '', Body = '', Attributes }) => ({
    queue: logicalId,
    messageId: MessageId,
    body: Body,
    receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 0),
  }));
}
