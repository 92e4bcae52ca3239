import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { traceAttribute } from './queues.ts';

export interface ReceivedLetter {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly sentAtMs: number;
  /** As the message says it. */
  readonly traceId: string | undefined;
}

const batchSize = 10;

/** Reads dead-letter queues without emptying them. Errors are those of the AWS SDK. */
export class DeadLetterQueues {
  readonly #client: SQSClient;

  constructor(client: SQSClient) {
    this.#client = client;
  }

  /** About how many letters are there, hidden ones included. */
  async count(url: string): Promise<number> {
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  }

  /** Some letters that are not hidden, at most ten; they are hidden for a time now. */
  async receive(url: string, hiddenSeconds: number): Promise<ReceivedLetter[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: batchSize,
        // All servers are asked, not just some of them.
        WaitTimeSeconds: 1,
        VisibilityTimeout: hiddenSeconds,
        MessageSystemAttributeNames: ['SentTimestamp'],
        MessageAttributeNames: [traceAttribute],
      }),
    );
    return Messages.map(
      ({ MessageId = '', ReceiptHandle = '', Body = '', Attributes, MessageAttributes }) => ({
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        sentAtMs: Number(Attributes?.SentTimestamp),
        traceId: MessageAttributes?.[traceAttribute]?.StringValue,
      }),
    );
  }

  async remove(url: string, { receiptHandle }: ReceivedLetter): Promise<void> {
    await this.#client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receiptHandle }));
  }

  /** Shows letters again after a time; those whose time has come by itself are no error. */
  async hideFor(url: string, letters: readonly ReceivedLetter[], seconds: number): Promise<void> {
    for (let start = 0; start < letters.length; start += batchSize) {
      await this.#client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: letters.slice(start, start + batchSize).map(({ receiptHandle }, index) => ({
            Id: String(index),
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          })),
        }),
      );
    }
  }
}
