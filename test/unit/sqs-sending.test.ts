import { createHash } from 'node:crypto';
import {
  BatchEntryIdsNotDistinct,
  EmptyBatchRequest,
  InvalidMessageContents,
  SendMessageBatchCommand,
  SendMessageCommand,
  TooManyEntriesInBatchRequest,
} from '@aws-sdk/client-sqs';
import type { MessageAttributeValue, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { useSqs } from './sqs-rig.ts';

const sqs = useSqs();
const eleven = Array.from({ length: 11 }, (_, index) => `n${index}`);
const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });

it('brings body, attributes and group as they were sent, with digests that the SDK believes', async () => {
  const url = await sqs().create('work');
  const MessageAttributes = {
    text: text('grüße 😀'),
    number: { DataType: 'Number.int', StringValue: '42' },
    bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255, 7) },
  };
  const sent = await sqs().client.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: 'tab\tnewline\n😀 \ud7ff\ue000',
      MessageAttributes,
      MessageSystemAttributes: { AWSTraceHeader: text('Root=1-2-3') },
      MessageGroupId: 'demo',
    }),
  );
  const [message] = await sqs().receive(url);
  expect(message).toMatchObject({
    MessageId: sent.MessageId,
    Body: 'tab\tnewline\n😀 \ud7ff\ue000',
    MD5OfBody: sent.MD5OfMessageBody,
    MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
    MessageAttributes,
    Attributes: {
      SenderId: expect.any(String) as unknown,
      SentTimestamp: '1800000000000',
      ApproximateReceiveCount: '1',
      ApproximateFirstReceiveTimestamp: '1800000000000',
      AWSTraceHeader: 'Root=1-2-3',
      MessageGroupId: 'demo',
    },
  });
  expect(sent.MD5OfMessageBody).toBe(
    createHash('md5')
      .update(message?.Body ?? '')
      .digest('hex'),
  );
});

it('digests attributes as SQS documents it', async () => {
  const url = await sqs().create('work');
  const bytes = (value: string | Uint8Array): Buffer => {
    const content = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const expected = createHash('md5')
    .update(Buffer.concat([bytes('a'), bytes('Binary'), Buffer.of(2), bytes(Uint8Array.of(1, 2))]))
    .update(Buffer.concat([bytes('b'), bytes('String'), Buffer.of(1), bytes('ü')]))
    .digest('hex');
  const { MD5OfMessageAttributes } = await sqs().client.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: 'x',
      MessageAttributes: { b: text('ü'), a: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2) } },
    }),
  );
  expect(MD5OfMessageAttributes).toBe(expected);
});

it.each([
  ['an empty body', { MessageBody: '' }, 'MissingParameter'],
  ['a delay of 901 seconds', { DelaySeconds: 901 }, 'InvalidParameterValue'],
  ['a negative delay', { DelaySeconds: -1 }, 'InvalidParameterValue'],
  ['a byte over 1 MiB', { MessageBody: 'x'.repeat(1_048_577) }, 'InvalidParameterValue'],
  ['a group with a space', { MessageGroupId: 'a b' }, 'InvalidParameterValue'],
  ['a group of 129 characters', { MessageGroupId: 'a'.repeat(129) }, 'InvalidParameterValue'],
  ['a deduplication id', { MessageDeduplicationId: 'a' }, 'InvalidParameterValue'],
  ['an attribute of a reserved name', { MessageAttributes: { 'AWS.x': text('x') } }, 'InvalidParameterValue'],
  ['an empty attribute', { MessageAttributes: { x: text('') } }, 'InvalidParameterValue'],
  [
    'an unknown type',
    { MessageAttributes: { x: { DataType: 'Date', StringValue: 'x' } } },
    'InvalidParameterValue',
  ],
  [
    'a number that is none',
    { MessageAttributes: { x: { DataType: 'Number', StringValue: 'x' } } },
    'InvalidParameterValue',
  ],
  [
    'eleven attributes',
    { MessageAttributes: Object.fromEntries(eleven.map((name) => [name, text('x')])) },
    'InvalidParameterValue',
  ],
])('refuses a message with %s', async (_what, more, error) => {
  const url = await sqs().create('work');
  await expect(sqs().send(url, 'x', more)).rejects.toMatchObject({ name: error });
  expect(await sqs().counts(url)).toEqual([0, 0, 0]);
});

it.each(['\u0000', '\u000b', '\u001f', '\ufffe', '\ud800'])('refuses the character %j', async (character) => {
  const url = await sqs().create('work');
  await expect(sqs().send(url, `a${character}b`)).rejects.toThrow(InvalidMessageContents);
});

it('counts attributes as part of the size, and takes a message of exactly 1 MiB', async () => {
  const url = await sqs().create('work');
  const MessageAttributes = { name: text('value') };
  const room = 1_048_576 - Buffer.byteLength('nameStringvalue');
  await sqs().send(url, 'x'.repeat(room), { MessageAttributes });
  await expect(sqs().send(url, 'x'.repeat(room + 1), { MessageAttributes })).rejects.toThrow(
    'shorter than 1048576',
  );
});

const batch = (QueueUrl: string, Entries: SendMessageBatchRequestEntry[]) =>
  sqs().client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));

it('sends a batch, and says of each message what became of it', async () => {
  const url = await sqs().create('work');
  const answer = await batch(url, [
    { Id: 'good', MessageBody: 'good', MessageGroupId: 'demo' },
    { Id: 'bad', MessageBody: '\u0000' },
    { Id: 'late', MessageBody: 'late', DelaySeconds: 5 },
  ]);
  expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['good', 'late']);
  expect(answer.Failed).toMatchObject([{ Id: 'bad', SenderFault: true, Code: 'InvalidMessageContents' }]);
  expect(await sqs().counts(url)).toEqual([1, 1, 0]);
});

it('refuses a batch that is not one', async () => {
  const url = await sqs().create('work');
  const entry = (Id: string, MessageBody = 'x') => ({ Id, MessageBody });
  await expect(batch(url, [])).rejects.toThrow(EmptyBatchRequest);
  await expect(
    batch(
      url,
      eleven.map((id) => entry(id)),
    ),
  ).rejects.toThrow(TooManyEntriesInBatchRequest);
  await expect(batch(url, [entry('a'), entry('a')])).rejects.toThrow(BatchEntryIdsNotDistinct);
  await expect(batch(url, [entry('a b')])).rejects.toMatchObject({ name: 'InvalidBatchEntryId' });
  const half = 'x'.repeat(524_289);
  await expect(batch(url, [entry('a', half), entry('b', half)])).rejects.toMatchObject({
    name: 'BatchRequestTooLong',
  });
  expect(await sqs().counts(url)).toEqual([0, 0, 0]);
});
