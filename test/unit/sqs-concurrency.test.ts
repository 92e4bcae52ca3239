import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { useSqs } from './sqs-rig.ts';

const sqs = useSqs({ disorder: true, realClock: true });
const manyBodies = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `message ${index}`);

async function sendAll(QueueUrl: string, bodies: readonly string[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies
      .slice(start, start + 10)
      .map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
    await sqs().client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

async function deleteAll(QueueUrl: string, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
  await sqs().client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}

it('twenty pollers get each of a thousand messages once, while they are being sent', async () => {
  const url = await sqs().create('work', { VisibilityTimeout: '600' });
  const bodies = manyBodies(1_000);
  const received: string[] = [];
  const poll = async (): Promise<void> => {
    while (received.length < bodies.length) {
      const messages = await sqs().receive(url, { WaitTimeSeconds: 1 });
      received.push(...messages.map(({ Body = '' }) => Body));
      await deleteAll(url, messages);
    }
  };
  await Promise.all([sendAll(url, bodies), ...Array.from({ length: 20 }, poll)]);
  expect(received.toSorted()).toEqual(bodies.toSorted());
  expect(await sqs().counts(url)).toEqual([0, 0, 0]);
});

it('polls that are aborted at any moment lose no message', async () => {
  const url = await sqs().create('work', { VisibilityTimeout: '1' });
  const bodies = manyBodies(300);
  const received = new Set<string>();
  let abortions = 0;
  // Some are cut before they are sent, some while they wait, some while they are being answered.
  const pollAndCut = async (roundTrips: number): Promise<Message[]> => {
    const abort = new AbortController();
    const input = { QueueUrl: url, MaxNumberOfMessages: 3, WaitTimeSeconds: 1 };
    const [polled] = await Promise.allSettled([
      sqs().client.send(new ReceiveMessageCommand(input), { abortSignal: abort.signal }),
      cut(abort, roundTrips),
    ]);
    if (polled.status === 'fulfilled') return polled.value.Messages ?? [];
    expect(abort.signal.aborted).toBe(true);
    abortions += 1;
    return [];
  };
  const cut = async (abort: AbortController, roundTrips: number): Promise<void> => {
    if (roundTrips === 4) return;
    for (let count = 0; count < roundTrips; count += 1) await sqs().counts(url);
    abort.abort();
  };
  const poll = async (lane: number): Promise<void> => {
    for (let round = lane; received.size < bodies.length; round += 1) {
      const messages = await pollAndCut(round % 5);
      for (const { Body = '' } of messages) received.add(Body);
      await deleteAll(url, messages);
    }
  };
  await Promise.all([sendAll(url, bodies), poll(0), poll(1), poll(2)]);
  expect(received.size).toBe(bodies.length);
  expect(abortions).toBeGreaterThan(20);
});
