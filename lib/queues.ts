import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';

/** "Look at this job again": all a message ever says. */
export const stepMessageSchema = z.strictObject({
  jobId: z.string().min(1).max(128),
  /** How often this step has been put off already. */
  attempt: z.int().min(0),
  /** The job pushes a file into My Files; once it is staged, this recipient's. */
  push: z.union([z.literal('file'), z.int().min(0)]).exactOptional(),
});
export type StepMessage = z.output<typeof stepMessageSchema>;

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

  /** @param delaySeconds is rounded up to a whole second and cut at 900 */
  async send(step: QueueName, message: StepMessage, delaySeconds = 0): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#urls[step],
        MessageBody: JSON.stringify(message),
        DelaySeconds: Math.min(longestDelaySeconds, Math.max(0, Math.ceil(delaySeconds))),
      }),
    );
  }
}

/**
 * Reads the body of a message. What it holds instead is a stranger's, and repeated nowhere.
 * @throws {Error} that names the fields that are wrong
 */
export function readMessage<T>(schema: z.ZodType<T>, body: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Error('The message is not JSON: none of ours.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, code }) => `${path.join('.') || '(message)'}: ${code}`);
  throw new Error(`The message is none of ours. ${faults.slice(0, 5).join('; ')}.`);
}
