import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type {
  Message,
  QueueAttributeName,
  ReceiveMessageRequest,
  SendMessageRequest,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach } from 'vitest';
import type { Listening } from '../../local/listen.ts';
import { startSqsEmulator } from '../../local/sqs/sqs-emulator.ts';

export const region = 'eu-west-1';
export const arnOf = (name: string): string => `arn:aws:sqs:${region}:000000000000:${name}`;

export function sqsClient(endpoint: string): SQSClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new SQSClient({ region, endpoint, credentials, maxAttempts: 1 });
}

type Send = Partial<SendMessageRequest>;
type Receive = Partial<ReceiveMessageRequest>;

/** The SQS emulator with a clock that tests turn, and the real SDK before it. */
export class SqsRig {
  /** Milliseconds since 1970. */
  clock = 1_800_000_000_000;
  #server: Listening | undefined;
  #client: SQSClient | undefined;

  get client(): SQSClient {
    if (this.#client === undefined) throw new Error('The emulator runs only during a test.');
    return this.#client;
  }

  get origin(): string {
    return this.#server?.url ?? '';
  }

  async start(options: { readonly disorder: boolean; readonly realClock?: boolean }): Promise<void> {
    const now = options.realClock === true ? Date.now : () => this.clock;
    this.#server = await startSqsEmulator({ region, disorder: options.disorder, now });
    this.#client = sqsClient(this.#server.url);
  }

  async stop(): Promise<void> {
    this.#client?.destroy();
    await this.#server?.close();
  }

  pass(seconds: number): void {
    this.clock += seconds * 1_000;
  }

  url(name: string): string {
    return `${this.origin}/000000000000/${name}`;
  }

  async create(name: string, Attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
    const { QueueUrl = '' } = await this.client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return QueueUrl;
  }

  /** A queue whose messages are dead letters after so many receives. */
  async createWithDeadLetters(maxReceiveCount: number): Promise<{ work: string; dead: string }> {
    const dead = await this.create('dead');
    const policy = JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount });
    return { work: await this.create('work', { RedrivePolicy: policy }), dead };
  }

  async send(QueueUrl: string, MessageBody: string, more: Send = {}): Promise<string> {
    const { MessageId = '' } = await this.client.send(
      new SendMessageCommand({ QueueUrl, MessageBody, ...more }),
    );
    return MessageId;
  }

  async receive(QueueUrl: string, more: Receive = {}): Promise<Message[]> {
    const { Messages = [] } = await this.client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
        ...more,
      }),
    );
    return Messages;
  }

  async bodies(QueueUrl: string, more: Receive = {}): Promise<string[]> {
    return (await this.receive(QueueUrl, more)).map(({ Body = '' }) => Body);
  }

  /** How many are visible, delayed, in flight. */
  async counts(QueueUrl: string): Promise<number[]> {
    const { Attributes } = await this.client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    const names = ['', 'Delayed', 'NotVisible'] as const;
    return names.map((name) => Number(Attributes?.[`ApproximateNumberOfMessages${name}`]));
  }
}

/** An emulator of its own for each test of a file. */
export function useSqs(options: Partial<Parameters<SqsRig['start']>[0]> = {}): () => SqsRig {
  let rig = new SqsRig();
  beforeEach(async () => {
    rig = new SqsRig();
    await rig.start({ disorder: false, ...options });
  });
  afterEach(() => rig.stop());
  return () => rig;
}
