import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { WorkFacts } from './current-work.ts';
import { messageGroup } from './message-group.ts';
import { sqsDelaySeconds } from './retry-rules.ts';
import { readTraceId } from './trace-id.ts';

/** "Look at this job again": all a message ever says. */
export const stepMessageSchema = z.strictObject({
  jobId: z.string().min(1).max(128),
  /** How often this step has been put off already. */
  attempt: z.int().min(0),
  /** The job pushes a file into My Files; once it is staged, this recipient's. */
  push: z.union([z.literal('file'), z.int().min(0)]).exactOptional(),
});
export type StepMessage = z.output<typeof stepMessageSchema>;

/** "Go on with this import": its turns are numbered, and each is taken once. */
export const importMessageSchema = z.strictObject({
  importId: z.string().min(1).max(128),
  turn: z.int().min(0),
});
export type ImportMessage = z.output<typeof importMessageSchema>;

/** "This job is about to end, or has": sent before every end. */
export const outcomeMessageSchema = z.strictObject({
  jobId: z.string().min(1).max(128),
  /** How often its end has been looked for in vain. */
  attempt: z.int().min(0),
  /** Which time of the job it is about: `reopening` of the job as it was read. */
  reopening: z.string().min(1).max(128).exactOptional(),
});
export type OutcomeMessage = z.output<typeof outcomeMessageSchema>;

/** The message in the body of a record; undefined when it is none of ours. */
export function readStepMessage(body: string): StepMessage | undefined {
  try {
    return stepMessageSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** What a message tells of the work for it, before its job is read. */
export function factsOfMessage(body: string, traceId: string | undefined): WorkFacts {
  const message = readStepMessage(body);
  const recipient = typeof message?.push === 'number' ? message.push : undefined;
  return { jobId: message?.jobId, recipient, traceId: readTraceId(traceId) };
}

/** The job that a message is about; its source is the group that a fair queue knows it by. */
export interface QueuedJob {
  readonly id: string;
  readonly source: string;
  readonly traceId?: string;
  /** One that an import brings has a group of its own: what its source sends meanwhile does not wait behind it. */
  readonly import?: { readonly id: string };
}

/** The message attribute that carries the trace id of a job, so that even who cannot read the job can tell it. */
export const traceAttribute = 'traceId';

/** The steps that have a queue and a function of their own. */
export type QueuedStep = 'stage' | 'upload' | 'metadata' | 'poll';
export type QueueName = QueuedStep | 'personalUpload';

/** The function that handles the messages of each queue. */
export const consumers: Readonly<Record<QueueName, string>> = {
  stage: 'stage-binary',
  upload: 'upload-asset',
  metadata: 'update-metadata',
  poll: 'poll-processing',
  personalUpload: 'upload-personal-file',
};
export const queueNames = Object.keys(consumers) as readonly QueueName[];

/** Whether the messages of a queue ask for a step of a job. */
export function isStep(queue: AnyQueueName): queue is QueueName {
  return Object.hasOwn(consumers, queue);
}

/** The queue whose messages ask for no step: what became of a job is told to other systems. */
export type OutcomeQueueName = 'outcome';
/** The queue whose messages are about no single job: manifests are imported. */
export type ManifestQueueName = 'manifest';
/** The queues of doors, whose messages are not ours: other systems send their events, and S3 tells of files. */
export type DoorQueueName = 'events' | 'inbox';
type AnyQueueName = QueueName | OutcomeQueueName | ManifestQueueName | DoorQueueName;
type MessageTo<Queue extends QueueName | OutcomeQueueName> = Queue extends OutcomeQueueName
  ? OutcomeMessage
  : StepMessage;

/** How a queue is set up in the template. */
export interface QueueSettings {
  /** How long a message that was received stays hidden. */
  readonly visibilitySeconds: number;
  /** How often a message is received before it becomes a dead letter. */
  readonly mostReceives: number;
  readonly deadLetterUrl: string;
}

/** Sends messages to the queues of the steps. Errors are those of the AWS SDK. */
export class Queues {
  readonly #client: SQSClient;
  readonly #urls: Readonly<Record<AnyQueueName, string>>;
  readonly #settings = new Map<AnyQueueName, QueueSettings>();

  constructor(client: SQSClient, urls: Readonly<Record<AnyQueueName, string>>) {
    this.#client = client;
    this.#urls = urls;
  }

  /**
   * Shows a message that was received, and could not be handled, again after this time, instead of after the whole
   * visibility timeout of its queue.
   * @param arn of the queue; one that is none of ours is left alone
   */
  async showAgain(arn: string, receiptHandle: string, delaySeconds: number): Promise<void> {
    const name = this.nameOf(arn);
    if (name === undefined) return;
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.#urls[name],
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.ceil(delaySeconds),
      }),
    );
  }

  /**
   * Sends a job to a step, or to where its outcome is told. Its source is the message's group, so that the backlog of one source does not hold up
   * the others; on a standard queue a group neither orders messages nor locks them.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
   * @param delaySeconds is rounded up to a whole second and cut at 900
   */
  async send<Queue extends QueueName | OutcomeQueueName>(
    queue: Queue,
    { id, source, traceId, import: bulk }: QueuedJob,
    message: Omit<MessageTo<Queue>, 'jobId'>,
    delaySeconds = 0,
  ): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#urls[queue],
        MessageBody: JSON.stringify({ jobId: id, ...message }),
        // A source's name has no colon.
        MessageGroupId: messageGroup(bulk === undefined ? source : `import:${source}`),
        ...(traceId !== undefined && {
          MessageAttributes: { [traceAttribute]: { DataType: 'String', StringValue: traceId } },
        }),
        DelaySeconds: sqsDelaySeconds(delaySeconds),
      }),
    );
  }

  /** Sends an import to its next turn, after a whole number of seconds, 900 at most. */
  async sendTurn(message: ImportMessage, delaySeconds = 0): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#urls.manifest,
        MessageBody: JSON.stringify(message),
        MessageGroupId: messageGroup(message.importId),
        DelaySeconds: sqsDelaySeconds(delaySeconds),
      }),
    );
  }

  /** Which of our queues an ARN names, if any. */
  nameOf(arn: string): AnyQueueName | undefined {
    const last = arn.split(':').at(-1);
    const names = [...queueNames, 'outcome', 'manifest', 'events', 'inbox'] as const;
    return names.find((name) => this.#urls[name].split('/').at(-1) === last);
  }

  /**
   * Asks SQS how a queue is set up, once for each container: what the template says is said nowhere else.
   * @throws {Error} when the queue has no dead-letter queue
   */
  async settings(name: AnyQueueName): Promise<QueueSettings> {
    const known = this.#settings.get(name);
    if (known !== undefined) return known;
    const url = this.#urls[name];
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['VisibilityTimeout', 'RedrivePolicy'],
      }),
    );
    const { deadLetterTargetArn, maxReceiveCount } = redriveSchema.parse(
      JSON.parse(Attributes['RedrivePolicy'] ?? '{}'),
    );
    const settings: QueueSettings = {
      visibilitySeconds: Number(Attributes['VisibilityTimeout']),
      mostReceives: maxReceiveCount,
      // A dead-letter queue is in the account and the region of its queue.
      deadLetterUrl: [...url.split('/').slice(0, -1), deadLetterTargetArn.split(':').at(-1)].join('/'),
    };
    this.#settings.set(name, settings);
    return settings;
  }
}

const redriveSchema = z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() });
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
