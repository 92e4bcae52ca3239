import {
  CancelMessageMoveTaskCommand,
  ListMessageMoveTasksCommand,
  ResourceNotFoundException,
  StartMessageMoveTaskCommand,
  UnsupportedOperation,
} from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { arnOf, useSqs } from './sqs-rig.ts';

const sqs = useSqs();
const SourceArn = arnOf('dead');

/** Receives until everything is a dead letter, and the dead letters once more, for a moment. */
async function killAll(work: string): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await sqs().receive(work);
    sqs().pass(30);
  }
}
const start = (more: { DestinationArn?: string; MaxNumberOfMessagesPerSecond?: number } = {}) =>
  sqs().client.send(new StartMessageMoveTaskCommand({ SourceArn, ...more }));
const tasks = async () =>
  (await sqs().client.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 10 }))).Results;

it('a message that has been received too often becomes a dead letter, and stays as old as it is', async () => {
  const { work, dead } = await sqs().createWithDeadLetters(2);
  const id = await sqs().send(work, 'bad', { MessageGroupId: 'demo' });
  await sqs().receive(work);
  sqs().pass(30);
  await sqs().receive(work);
  sqs().pass(30);
  expect(await sqs().counts(work)).toEqual([1, 0, 0]);
  expect(await sqs().receive(work)).toEqual([]);
  expect(await sqs().counts(work)).toEqual([0, 0, 0]);
  const [letter] = await sqs().receive(dead);
  expect(letter).toMatchObject({
    MessageId: id,
    Body: 'bad',
    Attributes: {
      SentTimestamp: '1800000000000',
      ApproximateFirstReceiveTimestamp: '1800000000000',
      ApproximateReceiveCount: '3',
      DeadLetterQueueSourceArn: arnOf('work'),
      MessageGroupId: 'demo',
    },
  });
  // It does not leave a dead-letter queue for having been received.
  sqs().pass(345_600 - 61);
  expect(await sqs().counts(dead)).toEqual([1, 0, 0]);
  sqs().pass(1);
  expect(await sqs().counts(dead)).toEqual([0, 0, 0]);
});

it('a poll gets the good message behind the bad one', async () => {
  const { work } = await sqs().createWithDeadLetters(1);
  await sqs().send(work, 'bad');
  await sqs().receive(work);
  sqs().pass(30);
  await sqs().send(work, 'good');
  expect(await sqs().bodies(work)).toEqual(['good']);
});

it('moves dead letters back to where they came from, as new messages', async () => {
  const { work, dead } = await sqs().createWithDeadLetters(3);
  const ids = [await sqs().send(work, 'one', { MessageGroupId: 'demo' }), await sqs().send(work, 'two')];
  await killAll(work);
  expect(await sqs().counts(dead)).toEqual([2, 0, 0]);

  const { TaskHandle } = await start();
  expect(TaskHandle).toBeTruthy();
  expect(await sqs().counts(dead)).toEqual([0, 0, 0]);
  const back = await sqs().receive(work);
  expect(back.map(({ Body }) => Body)).toEqual(['one', 'two']);
  for (const { MessageId = '', Attributes } of back) {
    expect(ids).not.toContain(MessageId);
    expect(Attributes).toMatchObject({ ApproximateReceiveCount: '1', SentTimestamp: String(sqs().clock) });
  }
  expect(back[0]?.Attributes?.MessageGroupId).toBe('demo');
  expect(await tasks()).toEqual([
    {
      Status: 'COMPLETED',
      SourceArn,
      ApproximateNumberOfMessagesMoved: 2,
      ApproximateNumberOfMessagesToMove: 2,
      StartedTimestamp: sqs().clock,
    },
  ]);
});

it('moves dead letters to a queue of choice', async () => {
  const { work, dead } = await sqs().createWithDeadLetters(3);
  const other = await sqs().create('other');
  await sqs().send(work, 'one');
  await sqs().send(dead, 'sent here by hand');
  await killAll(work);
  await start({ DestinationArn: arnOf('other') });
  expect((await sqs().bodies(other)).toSorted()).toEqual(['one', 'sent here by hand']);
});

it('fails, and leaves the message where it is, when nobody knows where it came from', async () => {
  const { dead } = await sqs().createWithDeadLetters(3);
  await sqs().send(dead, 'sent here by hand');
  await start();
  expect(await tasks()).toMatchObject([
    { Status: 'FAILED', FailureReason: 'CouldNotDetermineMessageSource' },
  ]);
  expect(await sqs().bodies(dead)).toEqual(['sent here by hand']);
});

it('keeps to a rate, one task at a time, and can be cancelled', async () => {
  const { work, dead } = await sqs().createWithDeadLetters(3);
  for (const body of ['a', 'b', 'c']) await sqs().send(work, body);
  await killAll(work);
  const { TaskHandle } = await start({ MaxNumberOfMessagesPerSecond: 1 });
  expect(await sqs().counts(dead)).toEqual([2, 0, 0]);
  expect(await tasks()).toMatchObject([
    { Status: 'RUNNING', TaskHandle, ApproximateNumberOfMessagesMoved: 1 },
  ]);
  await expect(start()).rejects.toThrow(UnsupportedOperation);
  const cancelled = await sqs().client.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
  expect(cancelled.ApproximateNumberOfMessagesMoved).toBe(1);
  expect(await tasks()).toMatchObject([{ Status: 'CANCELLED' }]);
  await start();
  expect(await sqs().counts(work)).toEqual([3, 0, 0]);
});

it('says what cannot be moved', async () => {
  await sqs().createWithDeadLetters(3);
  const move = (input: { SourceArn: string; DestinationArn?: string }) =>
    sqs().client.send(new StartMessageMoveTaskCommand(input));
  await expect(move({ SourceArn: arnOf('nowhere') })).rejects.toThrow(ResourceNotFoundException);
  await expect(move({ SourceArn, DestinationArn: arnOf('nowhere') })).rejects.toThrow(
    ResourceNotFoundException,
  );
  await expect(move({ SourceArn: arnOf('work') })).rejects.toThrow(
    'must be configured as a Dead Letter Queue',
  );
});
