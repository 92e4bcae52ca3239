import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isJobState, phaseOf } from '../../lib/jobs.ts';
import type { InvocationResult } from '../../local/lambda.ts';
import type { StackOptions } from '../../local/stack-options.ts';
import { startConnector, type Connector } from '../connector.ts';

type Item = Readonly<Record<string, unknown>>;
interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What can befall the work of a connector, and those who put it right. */
export interface Hardships {
  /** Runs the sweeper; throws when it fails. */
  readonly sweep: () => Promise<void>;
  readonly until: (isTrue: () => Promise<boolean>) => Promise<void>;
  readonly invokeSweep: () => Promise<InvocationResult>;
  /** Brings failed messages back at once, until nothing is left to do. */
  readonly exhaust: () => Promise<void>;
  /** Sends everything that is in a dead-letter queue to its queue again. */
  readonly redrive: (queue: string) => Promise<void>;
  /** Takes away every message of a queue. */
  readonly lose: (queue: string) => Promise<void>;
  readonly read: (key: Key) => Promise<Item | undefined>;
  /** Sets attributes of an item, past every condition. */
  readonly set: (key: Key, attributes: Item) => Promise<void>;
  /** Makes the time of a job that long ago. */
  readonly age: (jobId: string, hours: number) => Promise<void>;
  /** Makes the state of an asset one that no function can handle; answers with the way back. */
  readonly spoil: (subject: string) => Promise<() => Promise<void>>;
}

export const jobKey = (id: string): Key => ({ pk: `JOB#${id}`, sk: 'JOB' });
export const assetKey = (subject: string): Key => ({ pk: `ASSET#demo:${subject}`, sk: 'STATE' });
export const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

/** A connector whose queues give a message up after two receives. */
export async function startFragileConnector(
  options: Partial<StackOptions> = {},
): Promise<{ connector: Connector; stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'fragile-'));
  const templateFile = join(directory, 'template.yaml');
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  await writeFile(templateFile, template.replaceAll(/maxReceiveCount: \d+/g, 'maxReceiveCount: 2'));
  const connector = await startConnector({ onLog: () => undefined, ...options, templateFile });
  return {
    connector,
    stop: async () => {
      await connector.stop();
      await rm(directory, { recursive: true });
    },
  };
}

export function hardshipsOf({ stack }: Connector): Hardships {
  const { sqs } = stack.clients;
  const database = DynamoDBDocumentClient.from(stack.clients.dynamodb);
  const TableName = stack.tableName;
  const read: Hardships['read'] = async (key) =>
    (await database.send(new GetCommand({ TableName, Key: key }))).Item;
  const set: Hardships['set'] = async (key, attributes) => {
    const { state } = attributes;
    const phase = typeof state === 'string' && isJobState(state) ? { phase: phaseOf(state) } : {};
    const entries = Object.entries({ ...attributes, ...phase });
    await database.send(
      new UpdateCommand({
        TableName,
        Key: key,
        UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
      }),
    );
  };
  const invokeSweep: Hardships['invokeSweep'] = () => stack.invoke('sweep', {});
  return {
    read,
    set,
    invokeSweep,
    until: async (isTrue) => {
      const deadline = Date.now() + 30_000;
      while (!(await isTrue())) {
        if (Date.now() > deadline) throw new Error('What was waited for did not happen.');
        await pause(25);
      }
    },
    sweep: async () => {
      const result = await invokeSweep();
      if (!result.ok) throw new Error(`The sweep failed: ${result.errorMessage}`);
    },
    exhaust: async () => {
      const deadline = Date.now() + 30_000;
      for (;;) {
        await stack.redeliver();
        try {
          await stack.settled(200);
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
      }
    },
    redrive: async (queue) => {
      const QueueUrl = stack.queues[`${queue}DeadLetter`];
      const ofQueue = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
      const { Attributes } = await sqs.send(ofQueue);
      await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: Attributes?.QueueArn }));
    },
    lose: async (queue) => {
      await sqs.send(new PurgeQueueCommand({ QueueUrl: stack.queues[queue] }));
    },
    age: async (jobId, hours) => {
      const item = (await read(jobKey(jobId))) ?? {};
      const earlier = (name: string): string =>
        new Date(Date.parse(String(item[name])) - hours * 3_600_000).toISOString();
      const sweeps = item['sweeps'] as { count: number; at: string } | undefined;
      await set(jobKey(jobId), {
        createdAt: earlier('createdAt'),
        updatedAt: earlier('updatedAt'),
        ...(sweeps !== undefined && {
          sweeps: { ...sweeps, at: new Date(Date.parse(sweeps.at) - hours * 3_600_000).toISOString() },
        }),
      });
    },
    spoil: async (subject) => {
      const { applied } = (await read(assetKey(subject))) ?? {};
      await set(assetKey(subject), { applied: null });
      return () => set(assetKey(subject), { applied });
    },
  };
}
