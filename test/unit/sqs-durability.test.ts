import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAws } from '../../local/aws.ts';
import { startChild, trusted } from '../../local/child.ts';
import { startSqsEmulator } from '../../local/sqs/sqs-emulator.ts';
import { arnOf, region, sqsClient } from './sqs-rig.ts';

let directory: string;
let stateFile: string;
let printed: string[];
beforeEach(async () => {
  printed = [];
  directory = await mkdtemp(join(tmpdir(), 'queues-'));
  stateFile = join(directory, 'queues.sqlite');
});
afterEach(() => rm(directory, { recursive: true }));

/** The emulator in a process of its own, which can be killed. */
async function startProcess() {
  const ended = Promise.withResolvers<void>();
  const child = await startChild({
    name: 'sqs',
    file: fileURLToPath(new URL('../fixtures/sqs-process.ts', import.meta.url)),
    settings: { region, stateFile },
    ready: trusted<string>(),
    onLog: (line) => printed.push(line),
    onEnd: () => ended.resolve(),
  });
  const client = sqsClient(child.ready);
  return {
    client,
    url: (name: string): string => `${child.ready}/000000000000/${name}`,
    kill: async (): Promise<void> => {
      process.kill(child.processId, 'SIGKILL');
      await ended.promise;
      client.destroy();
    },
    stop: async (): Promise<void> => {
      client.destroy();
      await child.stop();
    },
  };
}

async function receiveAll(client: SQSClient, QueueUrl: string): Promise<Message[]> {
  const received: Message[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return received;
    received.push(...Messages);
  }
}

it('a killed emulator has every message that it has taken, and none that was deleted', async () => {
  const first = await startProcess();
  const { client } = first;
  const QueueUrl = first.url('work');
  await client.send(new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '600' } }));
  const taken = new Set<string>();
  const deleted = new Set<string>();
  const unsure = new Set<string>();
  const send = async (lane: number): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const body = `${lane}-${index}`;
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      taken.add(body);
      if (taken.size === 300) await first.kill();
    }
  };
  const consume = async (): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 });
      const [message] = (await client.send(receive)).Messages ?? [];
      // Every other message stays in flight.
      if (message === undefined || index % 2 === 0) continue;
      unsure.add(message.Body ?? '');
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      deleted.add(message.Body ?? '');
    }
  };
  const lanes = await Promise.allSettled([send(0), send(1), send(2), consume()]);
  expect(lanes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect(deleted.size).toBeGreaterThan(10);

  const second = await startProcess();
  const found = (await receiveAll(second.client, second.url('work'))).map(({ Body = '' }) => Body);
  await second.stop();
  expect(new Set(found).size).toBe(found.length);
  expect([...taken].filter((body) => !found.includes(body) && !unsure.has(body))).toEqual([]);
  expect(found.filter((body) => deleted.has(body))).toEqual([]);
  expect(printed).toEqual([]);
});

it('after a kill, queues are as they were set up, and messages as old and as often received as they were', async () => {
  const first = await startProcess();
  const work = first.url('work');
  await first.client.send(new CreateQueueCommand({ QueueName: 'dead' }));
  const policy = JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 2 });
  const Attributes = { VisibilityTimeout: '600', RedrivePolicy: policy };
  await first.client.send(new CreateQueueCommand({ QueueName: 'work', Attributes, tags: { team: 'a' } }));
  const send = (MessageBody: string, DelaySeconds = 0) =>
    first.client.send(
      new SendMessageCommand({ QueueUrl: work, MessageBody, DelaySeconds, MessageGroupId: 'demo' }),
    );
  await send('twice');
  for (let count = 0; count < 2; count += 1) {
    const [{ ReceiptHandle } = {}] = await receiveAll(first.client, work);
    const change = { QueueUrl: work, ReceiptHandle, VisibilityTimeout: count === 0 ? 0 : 600 };
    await first.client.send(new ChangeMessageVisibilityCommand(change));
  }
  await send('once 😀');
  const [before] = await receiveAll(first.client, work);
  await send('delayed', 900);
  await first.kill();

  const second = await startProcess();
  const again = second.url('work');
  const { client } = second;
  const look = new GetQueueAttributesCommand({ QueueUrl: again, AttributeNames: ['All'] });
  expect((await client.send(look)).Attributes).toMatchObject({
    ...Attributes,
    ApproximateNumberOfMessages: '2',
    ApproximateNumberOfMessagesDelayed: '1',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
  expect((await client.send(new ListQueueTagsCommand({ QueueUrl: again }))).Tags).toEqual({ team: 'a' });
  const received = await receiveAll(client, again);
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    MessageId: before?.MessageId,
    Body: 'once 😀',
    Attributes: { ...before?.Attributes, ApproximateReceiveCount: '2' },
  });
  await second.kill();

  // The dead letter has moved for good, and can be moved back.
  const third = await startProcess();
  await third.client.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf('dead') }));
  await third.kill();
  const fourth = await startProcess();
  const dead = fourth.url('dead');
  expect(await receiveAll(fourth.client, dead)).toEqual([]);
  const bodies = (await receiveAll(fourth.client, fourth.url('work'))).map(({ Body }) => Body);
  // “once” has been received twice by now.
  expect(bodies).toEqual(['twice']);
  expect((await receiveAll(fourth.client, dead)).map(({ Body }) => Body)).toEqual(['once 😀']);
  await fourth.stop();
});

it('the local AWS keeps its queues in its state directory, which it makes', async () => {
  const elsewhere = {
    s3: 'http://s3',
    dynamodb: 'http://dynamodb',
    secretsManager: 'http://secrets',
    sns: 'http://sns',
  };
  const start = () => startAws(region, elsewhere, join(directory, 'new', 'state'));
  const first = await start();
  const before = sqsClient(first.endpoints.sqs);
  const { QueueUrl } = await before.send(new CreateQueueCommand({ QueueName: 'work' }));
  await before.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
  before.destroy();
  await expect(start()).rejects.toThrow('is used by another process');
  await first.close();

  const second = await start();
  const after = sqsClient(second.endpoints.sqs);
  const kept = await receiveAll(after, `${second.endpoints.sqs}/000000000000/work`);
  expect(kept.map(({ Body }) => Body)).toEqual(['kept']);
  after.destroy();
  await second.close();
});

it('a state file belongs to one emulator at a time', async () => {
  const first = await startSqsEmulator({ region, stateFile });
  await expect(startSqsEmulator({ region, stateFile })).rejects.toThrow('is in use by another stack');
  await first.close();
  await (await startSqsEmulator({ region, stateFile })).close();
});
