import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { messageGroup } from './message-group.ts';

/** "Look at this job again": all a message ever says. */
export const stepMessageSchema = z.strictObject({
  jobId: z.string().min(1).max(128),
  /** How often this step has been put off already. */
  attempt: z.int().min(0),
  /** The job pushes a file into My Files; once it is staged, this recipient's. */
  push: z.union([z.literal('file'), z.int().min(0)]).exactOptional(),
});
export type StepMessage = z.output<typeof stepMessageSchema>;

/** The job that a message is about; its source is the group that a fair queue knows it by. */
export interface QueuedJob {
  readonly id: string;
  readonly source: string;
}

/** The steps that have a queue and a function of their own. */
export type QueuedStep = 'stage' | 'upload' | 'metadata' | 'poll';
export type QueueName = QueuedStep | 'personalUpload';

/** SQS delays a message by at most this long. */
export const longestDelaySeconds = 900;

/** Sends messages to the queues of the steps. Errors are those of the AWS SDK. */
export class Queues {
  readonly #client: SQSClient;
  readonly #urls: Readonly<Record<QueueName, string>>;

  constructor(client: SQSClient, urls: Readonly<Record<QueueName, string>>) {
    this.#client = client;
    this.#urls = urls;
  }

  /**
   * Shows a message that was received, and could not be handled, again after this time, instead of after the whole
   * visibility timeout of its queue.
   * @param arn of the queue; one that is none of ours is left alone
   */
  async showAgain(arn: string, receiptHandle: string, delaySeconds: number): Promise<void> {
    const name = arn.split(':').at(-1) ?? '';
    const url = Object.values(this.#urls).find((candidate) => candidate.split('/').at(-1) === name);
    if (url === undefined) return;
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.ceil(delaySeconds),
      }),
    );
  }

  /**
   * Sends a job to a step. Its source is the message's group, so that the backlog of one source does not hold up
   * the others; on a standard queue a group neither orders messages nor locks them.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
   * @param delaySeconds is rounded up to a whole second and cut at 900
   */
  async send(
    step: QueueName,
    { id, source }: QueuedJob,
    message: Omit<StepMessage, 'jobId'>,
    delaySeconds = 0,
  ): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#urls[step],
        MessageBody: JSON.stringify({ jobId: id, ...message } satisfies StepMessage),
        MessageGroupId: messageGroup(source),
        DelaySeconds: Math.min(longestDelaySeconds, Math.max(0, Math.ceil(delaySeconds))),
      }),
    );
  }
}
