import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  QueueNameExists,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs';
import { request } from 'undici';
import { expect, it } from 'vitest';
import { arnOf, useSqs } from './sqs-rig.ts';

const sqs = useSqs();

const attributesOf = async (QueueUrl: string, ...AttributeNames: string[]) => {
  const names = AttributeNames as ['All'];
  return (await sqs().client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names })))
    .Attributes;
};

it('creates a queue with the defaults of SQS, under a URL that works from here', async () => {
  const url = await sqs().create('work', { VisibilityTimeout: '7' });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/000000000000\/work$/);
  expect(await attributesOf(url, 'All')).toEqual({
    QueueArn: arnOf('work'),
    CreatedTimestamp: '1800000000',
    LastModifiedTimestamp: '1800000000',
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesDelayed: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
    DelaySeconds: '0',
    MaximumMessageSize: '1048576',
    MessageRetentionPeriod: '345600',
    ReceiveMessageWaitTimeSeconds: '0',
    VisibilityTimeout: '7',
    SqsManagedSseEnabled: 'true',
  });
  expect(await attributesOf(url, 'QueueArn')).toEqual({ QueueArn: arnOf('work') });
});

it('creating a queue again gives the same one, unless its attributes differ', async () => {
  const url = await sqs().create('work', { DelaySeconds: '5' });
  await sqs().send(url, 'kept');
  expect(await sqs().create('work')).toBe(url);
  expect(await sqs().create('work', { DelaySeconds: '5' })).toBe(url);
  await expect(sqs().create('work', { DelaySeconds: '6' })).rejects.toThrow(QueueNameExists);
  expect(await sqs().counts(url)).toEqual([0, 1, 0]);
});

it.each([
  ['a name with a dot', 'a.b', {}, 'InvalidParameterValue'],
  ['a name of 81 characters', 'a'.repeat(81), {}, 'InvalidParameterValue'],
  ['a FIFO queue', 'work.fifo', {}, 'UnsupportedOperation'],
  ['an attribute of FIFO queues', 'work', { ContentBasedDeduplication: 'true' }, 'InvalidAttributeName'],
  ['a delay of 901 seconds', 'work', { DelaySeconds: '901' }, 'InvalidAttributeValue'],
  ['a retention of 59 seconds', 'work', { MessageRetentionPeriod: '59' }, 'InvalidAttributeValue'],
  ['a visibility timeout that is no number', 'work', { VisibilityTimeout: 'x' }, 'InvalidAttributeValue'],
  ['dead letters for nobody', 'work', { RedrivePolicy: redrive('nowhere', 3) }, 'InvalidParameterValue'],
  ['no receive at all', 'work', { RedrivePolicy: redrive('dead', 0) }, 'InvalidParameterValue'],
])('refuses %s', async (_what, name, attributes, error) => {
  await sqs().create('dead');
  await expect(sqs().create(name, attributes)).rejects.toMatchObject({ name: error });
});

function redrive(name: string, maxReceiveCount: number): string {
  return JSON.stringify({ deadLetterTargetArn: arnOf(name), maxReceiveCount });
}

it('a dead-letter queue may refuse its sources', async () => {
  const byQueue = { redrivePermission: 'byQueue', sourceQueueArns: [arnOf('friend')] };
  await sqs().create('dead', { RedriveAllowPolicy: JSON.stringify(byQueue) });
  await sqs().create('friend', { RedrivePolicy: redrive('dead', 3) });
  const stranger = sqs().create('stranger', { RedrivePolicy: redrive('dead', 3) });
  await expect(stranger).rejects.toMatchObject({ name: 'InvalidParameterValue' });
});

it('changes attributes, and takes a policy away with an empty text', async () => {
  const { work, dead } = await sqs().createWithDeadLetters(3);
  sqs().pass(10);
  const Attributes = { VisibilityTimeout: '90', RedrivePolicy: '' };
  const sources = new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead });
  expect((await sqs().client.send(sources)).queueUrls).toEqual([work]);
  await sqs().client.send(new SetQueueAttributesCommand({ QueueUrl: work, Attributes }));
  expect(await attributesOf(work, 'VisibilityTimeout', 'RedrivePolicy', 'LastModifiedTimestamp')).toEqual({
    VisibilityTimeout: '90',
    LastModifiedTimestamp: '1800000010',
  });
  expect((await sqs().client.send(sources)).queueUrls).toEqual([]);
});

it('a queue cannot be its own dead-letter queue', async () => {
  const url = await sqs().create('work');
  const Attributes = { RedrivePolicy: redrive('work', 3) };
  const set = sqs().client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
  await expect(set).rejects.toMatchObject({ name: 'InvalidParameterValue' });
});

it('lists queues by prefix and page by page', async () => {
  for (const name of ['b-1', 'b-3', 'b-2', 'a']) await sqs().create(name);
  const list = (input: { MaxResults?: number; NextToken?: string | undefined }) =>
    sqs().client.send(new ListQueuesCommand({ QueueNamePrefix: 'b-', ...input }));
  expect((await list({})).QueueUrls).toEqual(['b-1', 'b-2', 'b-3'].map((name) => sqs().url(name)));
  const first = await list({ MaxResults: 2 });
  expect(first.QueueUrls).toHaveLength(2);
  const second = await list({ MaxResults: 2, NextToken: first.NextToken });
  expect(second.QueueUrls).toEqual([sqs().url('b-3')]);
  expect(second.NextToken).toBeUndefined();
});

it('finds a queue by its name, and says when there is none', async () => {
  const url = await sqs().create('work');
  const find = (QueueName: string) => sqs().client.send(new GetQueueUrlCommand({ QueueName }));
  expect((await find('work')).QueueUrl).toBe(url);
  const missing = await find('other').catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(QueueDoesNotExist);
  expect(missing).toMatchObject({ Code: 'AWS.SimpleQueueService.NonExistentQueue' });
  await expect(sqs().send(`${url}/more`, 'x')).rejects.toMatchObject({ name: 'InvalidAddress' });
});

it('a deleted queue is gone with its messages, and its name is free after a minute', async () => {
  const url = await sqs().create('work');
  await sqs().send(url, 'gone');
  await sqs().client.send(new DeleteQueueCommand({ QueueUrl: url }));
  await expect(sqs().receive(url)).rejects.toThrow(QueueDoesNotExist);
  await expect(sqs().create('work')).rejects.toMatchObject({ name: 'QueueDeletedRecently' });
  sqs().pass(60);
  expect(await sqs().counts(await sqs().create('work'))).toEqual([0, 0, 0]);
});

it('purges visible, delayed and received messages', async () => {
  const url = await sqs().create('work');
  for (const DelaySeconds of [0, 0, 9]) await sqs().send(url, 'x', { DelaySeconds });
  await sqs().receive(url, { MaxNumberOfMessages: 1 });
  expect(await sqs().counts(url)).toEqual([1, 1, 1]);
  await sqs().client.send(new PurgeQueueCommand({ QueueUrl: url }));
  expect(await sqs().counts(url)).toEqual([0, 0, 0]);
  expect(await sqs().receive(url)).toEqual([]);
});

it('keeps tags', async () => {
  const { client } = sqs();
  await client.send(new CreateQueueCommand({ QueueName: 'work', tags: { one: '1' } }));
  const QueueUrl = sqs().url('work');
  await client.send(new TagQueueCommand({ QueueUrl, Tags: { two: '2' } }));
  await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['one'] }));
  expect((await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ two: '2' });
});

it('says what it does not speak and does not know', async () => {
  const ask = async (headers: Record<string, string>, body: string) => {
    const answer = await request(sqs().origin, { method: 'POST', headers, body });
    return `${answer.statusCode} ${await answer.body.text()}`;
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await ask(form, 'Action=ListQueues')).toContain('400 <ErrorResponse><Error>');
  const json = { 'content-type': 'application/x-amz-json-1.0' };
  const target = (name: string) => ({ ...json, 'x-amz-target': `AmazonSQS.${name}` });
  expect(await ask(target('AddPermission'), '{}')).toContain('InvalidAction');
  expect(await ask(target('constructor'), '{}')).toContain('InvalidAction');
  expect(await ask(target('ListQueues'), '{')).toContain('SerializationException');
  expect(await ask(target('GetQueueUrl'), '{}')).toContain('must contain the parameter QueueName');
  expect(await ask(target('GetQueueUrl'), '{"QueueName":7}')).toContain('SerializationException');
});
