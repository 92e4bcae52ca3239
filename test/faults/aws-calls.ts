import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { DirectTransport } from './direct-transport.ts';
import { currentInvocation, ProcessEnded, type Fate, type Invocation } from './invocation.ts';

type Send = (this: object, command: AnyCommand, ...rest: unknown[]) => Promise<unknown>;
interface AnyCommand {
  readonly constructor: { readonly name: string };
  readonly input: unknown;
}

export interface AwsWatch {
  /** Told of each message that was sent, and when it comes. */
  readonly onMessage: (inSeconds: number) => void;
  /** Told of each message that will be shown again, and when. */
  readonly onShown: (inSeconds: number) => void;
  /** Told of each batch of messages that was handled. */
  readonly onHandled: (count: number) => void;
  /** Told of each call that was made and has succeeded, whether its caller hears of that or not. */
  readonly onMade: (command: string, input: unknown) => void;
}

/** Polls wait as long as SQS lets them: time that nobody uses passes at once. */
const pollSeconds = 20;

/**
 * Lets every call that an invocation makes through the AWS SDK meet its fate. The calls of all invocations go
 * through the same clients, because connections, signing keys and credentials of their own would only cost time.
 * @param watch where time passes as it is needed; without it polls wait as long as they say
 * @returns the way back
 */
export function watchAwsCalls(watch?: AwsWatch): () => void {
  const prototype = sharedPrototype();
  const send = prototype.send;
  const clients = new Map<string, object>();
  const transport = new DirectTransport();
  const commonClient = (own: object): object => {
    const { name } = own.constructor;
    const common = clients.get(name) ?? own;
    clients.set(name, common);
    return common;
  };
  prototype.send = function (command, ...rest) {
    const invocation = currentInvocation();
    const client = invocation === undefined ? this : commonClient(this);
    transport.prepare(client);
    const original = async (): Promise<unknown> => {
      if (watch !== undefined) setWait(command, pollSeconds);
      // A poll of somebody who was killed must not go on, and take what others ask for.
      else if (invocation !== undefined) setWait(command, 0);
      const answer = await send.call(client, command, ...rest);
      if (watch !== undefined) tell(watch, command);
      return answer;
    };
    return invocation === undefined ? original() : meetFate(invocation, command, original);
  };
  return () => {
    prototype.send = send;
    transport.stop();
  };
}

const polling = z.object({ WaitTimeSeconds: z.number().min(1) });
const sending = z.object({ DelaySeconds: z.number() });
const showing = z.object({ VisibilityTimeout: z.number() });
const deleting = z.object({ Entries: z.array(z.unknown()) });

function setWait({ constructor, input }: AnyCommand, WaitTimeSeconds: number): void {
  const isPoll = constructor.name === 'ReceiveMessageCommand' && polling.safeParse(input).success;
  if (isPoll) Object.assign(input as object, { WaitTimeSeconds });
}

function tell(watch: AwsWatch, { constructor, input }: AnyCommand): void {
  watch.onMade(constructor.name, input);
  if (constructor.name === 'SendMessageCommand') watch.onMessage(sending.parse(input).DelaySeconds);
  if (constructor.name === 'ChangeMessageVisibilityCommand')
    watch.onShown(showing.parse(input).VisibilityTimeout);
  if (constructor.name === 'DeleteMessageBatchCommand') watch.onHandled(deleting.parse(input).Entries.length);
}

/** The class that all clients of the SDK extend, so that none can be forgotten. */
function sharedPrototype(): { send: Send } {
  const clients = [
    DynamoDBClient,
    DynamoDBDocumentClient,
    S3Client,
    SecretsManagerClient,
    SNSClient,
    SQSClient,
  ];
  const [first, ...others] = clients.map(
    ({ prototype }) => Object.getPrototypeOf(prototype) as { send: Send },
  );
  if (first === undefined || others.some((other) => other !== first) || !Object.hasOwn(first, 'send'))
    throw new Error('The clients of the AWS SDK no longer share one class: its calls cannot be watched.');
  return first;
}

async function meetFate(
  invocation: Invocation,
  command: AnyCommand,
  original: () => Promise<unknown>,
): Promise<unknown> {
  await invocation.thawed();
  if (invocation.hasEnded) throw new ProcessEnded();
  const fate = invocation.decide({
    invocation,
    label: `${invocation.functionName}: ${describe(command)}`,
    system: 'aws',
    method: command.constructor.name,
    path: '',
    body: undefined,
  });
  if (fate.kind === 'freeze' && fate.moment === 'before') {
    invocation.freeze(pause(fate.forMs));
    await invocation.thawed();
  }
  const stops = fate.kind === 'kill' || fate.kind === 'break' || fate.kind === 'stall';
  if (!stops || fate.moment === 'after') {
    if (fate.kind === 'repeat') await invocation.track(original()).catch(() => undefined);
    if (fate.kind === 'delay' || fate.kind === 'echo') await sendLater(command, fate, original);
    const [outcome] = await Promise.allSettled([invocation.track(original())]);
    if (!stops) {
      if (fate.kind === 'freeze' && fate.moment === 'after') invocation.freeze(pause(fate.forMs));
      await invocation.thawed();
      if (invocation.hasEnded) throw new ProcessEnded();
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    }
  }
  if (fate.kind === 'kill') {
    invocation.kill();
    throw new ProcessEnded();
  }
  if (fate.kind === 'stall') {
    await invocation.ended;
    throw new ProcessEnded();
  }
  throw Object.assign(new Error('AWS did not answer.'), { name: 'TimeoutError' });
}

/** A message that is late, or that comes again when everybody has forgotten it. */
async function sendLater(
  { input }: AnyCommand,
  { kind, delaySeconds }: Extract<Fate, { kind: 'delay' | 'echo' }>,
  original: () => Promise<unknown>,
): Promise<void> {
  const sent = sending.safeParse(input).data;
  if (sent === undefined) return;
  const delayed = { DelaySeconds: Math.min(900, sent.DelaySeconds + delaySeconds) };
  Object.assign(input as object, delayed);
  if (kind === 'delay') return;
  await original().catch(() => undefined);
  Object.assign(input as object, { DelaySeconds: sent.DelaySeconds });
}

const described = z.object({
  Key: z.union([z.string(), z.object({ pk: z.string() })]).optional(),
  Item: z.object({ pk: z.string(), sk: z.string() }).optional(),
  QueueUrl: z.string().optional(),
  SecretId: z.string().optional(),
  TopicArn: z.string().optional(),
  UpdateExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: z.record(z.string(), z.unknown()).optional(),
});

/** `Update JOB state updatedAt (staging)`, `SendMessage upload-queue`. */
function describe(command: AnyCommand): string {
  const input = described.parse(command.input);
  const { Key, Item, QueueUrl, SecretId, TopicArn } = input;
  const { UpdateExpression = '', ExpressionAttributeNames = {} } = input;
  const name = command.constructor.name.replace(/Command$/, '');
  const kind = typeof Key === 'object' ? Key.pk.split('#')[0] : undefined;
  const item = Item?.sk.split('#')[0];
  const parts = UpdateExpression.replaceAll(/#\w+/g, (part) => ExpressionAttributeNames[part] ?? part)
    .replaceAll(/ = (?:if_not_exists\([^)]*\)|:\w+)|(?<=fence) :\w+|,/g, '')
    // The mark of a write is on most of them.
    .replace(/(?<=SET )writer ?/, '')
    .trim();
  const state = input.ExpressionAttributeValues?.[':state'];
  const details = [
    kind,
    item,
    QueueUrl?.split('/').at(-1),
    SecretId?.split(':secret:')
      .at(-1)
      ?.replace(/-\w{6}$/, ''),
    TopicArn?.split(':').at(-1),
    parts,
  ];
  return [name, ...details, typeof state === 'string' ? `(${state})` : undefined]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}
