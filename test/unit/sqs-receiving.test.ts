import { once } from 'node:events';
import { createConnection } from 'node:net';
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  MessageNotInflight,
  ReceiptHandleIsInvalid,
} from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { useSqs } from './sqs-rig.ts';

const sqs = useSqs();

const remove = (QueueUrl: string, message: Message | undefined) =>
  sqs().client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
const hide = (QueueUrl: string, message: Message | undefined, VisibilityTimeout: number) =>
  sqs().client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout,
    }),
  );

it('a received message is back after its visibility timeout, with a higher count and its first receive', async () => {
  const url = await sqs().create('work', { VisibilityTimeout: '30' });
  await sqs().send(url, 'one');
  await sqs().receive(url);
  sqs().pass(29);
  expect(await sqs().receive(url)).toEqual([]);
  expect(await sqs().counts(url)).toEqual([0, 0, 1]);
  sqs().pass(1);
  const [again] = await sqs().receive(url, { VisibilityTimeout: 600 });
  expect(again?.Attributes).toMatchObject({
    ApproximateReceiveCount: '2',
    SentTimestamp: '1800000000000',
    ApproximateFirstReceiveTimestamp: '1800000000000',
  });
  sqs().pass(599);
  expect(await sqs().counts(url)).toEqual([0, 0, 1]);
});

it('a delayed message is not visible before its time; its own delay wins over the queue’s', async () => {
  const url = await sqs().create('work', { DelaySeconds: '10' });
  await sqs().send(url, 'queue’s');
  await sqs().send(url, 'own', { DelaySeconds: 900 });
  await sqs().send(url, 'now', { DelaySeconds: 0 });
  expect(await sqs().counts(url)).toEqual([1, 2, 0]);
  expect(await sqs().bodies(url)).toEqual(['now']);
  sqs().pass(10);
  expect(await sqs().bodies(url)).toEqual(['queue’s']);
  sqs().pass(890);
  expect(await sqs().bodies(url, { MaxNumberOfMessages: 1 })).not.toEqual([]);
});

it('gives only the attributes that are asked for', async () => {
  const url = await sqs().create('work');
  const text = { DataType: 'String', StringValue: 'x' };
  await sqs().send(url, 'x', { MessageAttributes: { 'a.one': text, 'a.two': text, b: text } });
  const look = async (names: string[], system: 'SentTimestamp'[] = []) => {
    const [message] = await sqs().receive(url, {
      MessageAttributeNames: names,
      MessageSystemAttributeNames: system,
      VisibilityTimeout: 0,
    });
    return [Object.keys(message?.MessageAttributes ?? {}), Object.keys(message?.Attributes ?? {})];
  };
  expect(await look([])).toEqual([[], []]);
  expect(await look(['b', 'c'], ['SentTimestamp'])).toEqual([['b'], ['SentTimestamp']]);
  expect(await look(['a.*'])).toEqual([['a.one', 'a.two'], []]);
  expect(await look(['All'])).toEqual([['a.one', 'a.two', 'b'], []]);
});

it.each([
  ['MaxNumberOfMessages', 0],
  ['MaxNumberOfMessages', 11],
  ['WaitTimeSeconds', 21],
  ['VisibilityTimeout', 43_201],
])('refuses to receive with %s %i', async (name, value) => {
  const url = await sqs().create('work');
  await expect(sqs().receive(url, { [name]: value })).rejects.toThrow(`Value ${value} for parameter ${name}`);
});

it('deletes by the newest receipt handle, also when the message is visible again', async () => {
  const url = await sqs().create('work', { VisibilityTimeout: '5' });
  await sqs().send(url, 'one');
  const [first] = await sqs().receive(url);
  sqs().pass(5);
  const [second] = await sqs().receive(url);
  await remove(url, first);
  expect(await sqs().counts(url)).toEqual([0, 0, 1]);
  sqs().pass(5);
  expect(await sqs().counts(url)).toEqual([1, 0, 0]);
  await remove(url, second);
  await remove(url, second);
  expect(await sqs().counts(url)).toEqual([0, 0, 0]);
  expect(await sqs().receive(url)).toEqual([]);
});

it('refuses receipt handles that are none, or another queue’s', async () => {
  const url = await sqs().create('work');
  const other = await sqs().create('other');
  await sqs().send(other, 'x');
  const [message] = await sqs().receive(other);
  await expect(remove(url, message)).rejects.toThrow(ReceiptHandleIsInvalid);
  await expect(hide(url, { ReceiptHandle: 'nonsense' }, 0)).rejects.toThrow(ReceiptHandleIsInvalid);
});

it('changes for how long a message stays in flight', async () => {
  const url = await sqs().create('work');
  await sqs().send(url, 'one');
  const [message] = await sqs().receive(url);
  await hide(url, message, 100);
  sqs().pass(99);
  expect(await sqs().counts(url)).toEqual([0, 0, 1]);
  await expect(hide(url, message, 43_200)).rejects.toThrow('beyond the limit');
  await hide(url, message, 0);
  expect(await sqs().counts(url)).toEqual([1, 0, 0]);
  await expect(hide(url, message, 0)).rejects.toThrow(MessageNotInflight);
  const [again] = await sqs().receive(url);
  await remove(url, again);
  await expect(hide(url, again, 0)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  await expect(hide(url, again, -1)).rejects.toThrow('for parameter VisibilityTimeout');
});

it('deletes and hides messages in batches', async () => {
  const url = await sqs().create('work');
  for (const body of ['a', 'b', 'c']) await sqs().send(url, body);
  const handles = (await sqs().receive(url)).map(({ ReceiptHandle }) => ReceiptHandle);
  const entries = [...handles, 'nonsense'].map((ReceiptHandle, index) => ({
    Id: String(index),
    ReceiptHandle,
  }));
  const hidden = await sqs().client.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl: url,
      Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: entry.Id === '0' ? 0 : 100 })),
    }),
  );
  expect(hidden.Failed).toMatchObject([{ Id: '3', Code: 'ReceiptHandleIsInvalid' }]);
  expect(await sqs().counts(url)).toEqual([1, 0, 2]);
  const deleted = await sqs().client.send(
    new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries.slice(1) }),
  );
  expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['1', '2']);
  expect(deleted.Failed).toMatchObject([{ Id: '3', Code: 'ReceiptHandleIsInvalid' }]);
  expect(await sqs().counts(url)).toEqual([1, 0, 0]);
});

it('messages vanish when they have been kept for as long as the queue keeps them', async () => {
  const url = await sqs().create('work', { MessageRetentionPeriod: '60' });
  await sqs().send(url, 'old');
  await sqs().send(url, 'received');
  await sqs().receive(url, { MaxNumberOfMessages: 1, VisibilityTimeout: 600 });
  sqs().pass(30);
  await sqs().send(url, 'young');
  sqs().pass(30);
  expect(await sqs().bodies(url)).toEqual(['young']);
  expect(await sqs().counts(url)).toEqual([0, 0, 1]);
});

it('a long poll is answered by the next message, the first poll first', async () => {
  const url = await sqs().create('work');
  const first = sqs().bodies(url, { WaitTimeSeconds: 20 });
  await arrival(url);
  const second = sqs().bodies(url, { WaitTimeSeconds: 20 });
  await arrival(url);
  await sqs().send(url, 'one');
  expect(await first).toEqual(['one']);
  await sqs().send(url, 'two');
  expect(await second).toEqual(['two']);
});

/** A round trip: what was asked before has been read by the emulator. */
async function arrival(url: string): Promise<void> {
  await sqs().counts(url);
  await sqs().counts(url);
}

it('a poll whose client has hung up takes no message', async () => {
  const url = await sqs().create('work');
  for (const cut of [true, false]) {
    const { hostname, port } = new URL(url);
    const socket = createConnection(Number(port), hostname);
    const body = JSON.stringify({ QueueUrl: url, WaitTimeSeconds: 20 });
    const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.ReceiveMessage`;
    socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'connect');
    await arrival(url);
    if (cut) socket.resetAndDestroy();
    else socket.destroy();
    await once(socket, 'close');
    await arrival(url);
  }
  await sqs().send(url, 'one');
  expect(await sqs().counts(url)).toEqual([1, 0, 0]);
  const [message] = await sqs().receive(url);
  expect(message?.Attributes?.ApproximateReceiveCount).toBe('1');
});
