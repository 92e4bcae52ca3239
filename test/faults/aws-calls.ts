import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { currentInvocation, ProcessEnded, type Invocation } from './invocation.ts';

type Send = (this: unknown, command: AnyCommand, ...rest: unknown[]) => Promise<unknown>;
interface AnyCommand {
  readonly constructor: { readonly name: string };
  readonly input: unknown;
}

/**
 * Lets every call that an invocation makes through the AWS SDK meet its fate.
 * @returns the way back
 */
export function watchAwsCalls(): () => void {
  const prototype = sharedPrototype();
  const send = prototype.send;
  prototype.send = function (command, ...rest) {
    const invocation = currentInvocation();
    const original = (): Promise<unknown> => send.call(this, command, ...rest);
    return invocation === undefined ? original() : meetFate(invocation, command, original);
  };
  return () => {
    prototype.send = send;
  };
}

/** The class that all clients of the SDK extend, so that none can be forgotten. */
function sharedPrototype(): { send: Send } {
  const clients = [DynamoDBClient, DynamoDBDocumentClient, S3Client, SecretsManagerClient, SQSClient];
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
  if (invocation.hasEnded) throw new ProcessEnded();
  noteLease(invocation, command);
  const fate = invocation.decide({
    invocation,
    label: `${invocation.functionName}: ${describe(command)}`,
    system: 'aws',
    method: command.constructor.name,
    path: '',
    body: undefined,
  });
  const stops = fate.kind === 'kill' || fate.kind === 'break';
  if (stops) invocation.isDisturbed = true;
  if (!stops || fate.moment === 'after') {
    if (fate.kind === 'repeat') await invocation.track(original()).catch(() => undefined);
    const [outcome] = await Promise.allSettled([invocation.track(original())]);
    if (!stops) {
      if (invocation.hasEnded) throw new ProcessEnded();
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    }
  }
  if (fate.kind === 'kill') {
    invocation.kill();
    throw new ProcessEnded();
  }
  throw Object.assign(new Error('AWS did not answer.'), { name: 'TimeoutError' });
}

const leaseTaken = z.object({
  TableName: z.string(),
  Key: z.object({ pk: z.string(), sk: z.string() }),
  ExpressionAttributeValues: z.object({ ':holder': z.string() }),
});

function noteLease(invocation: Invocation, command: AnyCommand): void {
  const taken = leaseTaken.safeParse(command.input).data;
  if (taken === undefined) return;
  const { TableName, Key, ExpressionAttributeValues } = taken;
  invocation.leases.push({ tableName: TableName, key: Key, holder: ExpressionAttributeValues[':holder'] });
}

const described = z.object({
  Key: z.union([z.string(), z.object({ pk: z.string() })]).optional(),
  Item: z.object({ pk: z.string(), sk: z.string() }).optional(),
  QueueUrl: z.string().optional(),
  SecretId: z.string().optional(),
  UpdateExpression: z.string().optional(),
  ExpressionAttributeNames: z.record(z.string(), z.string()).optional(),
  ExpressionAttributeValues: z.record(z.string(), z.unknown()).optional(),
});

/** `Update JOB state updatedAt (staging)`, `SendMessage upload-queue`. */
function describe(command: AnyCommand): string {
  const input = described.parse(command.input);
  const { Key, Item, QueueUrl, SecretId, UpdateExpression = '', ExpressionAttributeNames = {} } = input;
  const name = command.constructor.name.replace(/Command$/, '');
  const kind = typeof Key === 'object' ? Key.pk.split('#')[0] : undefined;
  const item = Item?.sk.split('#')[0];
  const parts = UpdateExpression.replaceAll(/#\w+/g, (part) => ExpressionAttributeNames[part] ?? part)
    .replaceAll(/ = (?:if_not_exists\([^)]*\)|:\w+)|(?<=fence) :\w+|,/g, '')
    .trim();
  const state = input.ExpressionAttributeValues?.[':state'];
  const details = [
    kind,
    item,
    QueueUrl?.split('/').at(-1),
    SecretId?.split(':secret:')
      .at(-1)
      ?.replace(/-\w{6}$/, ''),
    parts,
  ];
  return [name, ...details, typeof state === 'string' ? `(${state})` : undefined]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}
