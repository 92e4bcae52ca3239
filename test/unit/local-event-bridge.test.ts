import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
  type QueueAttributeName,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { startAws, type Aws } from '../../local/aws.ts';
import { createBuses } from '../../local/create-buses.ts';
import { putEvents } from '../event-bridge-caller.ts';

const region = 'eu-west-1';
const arnOf = (queue: string) => `arn:aws:sqs:${region}:000000000000:${queue}`;
let aws: Aws;
let sqs: SQSClient;
let sns: SNSClient;
const queues = new Map<string, string | undefined>();

async function createQueue(name: string, Attributes: Partial<Record<QueueAttributeName, string>> = {}) {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  queues.set(name, QueueUrl);
}
async function receive(queue: string): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queues.get(queue),
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 43_200,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return Messages;
}
const bodies = async (queue: string) =>
  (await receive(queue)).map(({ Body = '' }) => JSON.parse(Body) as Record<string, unknown>);

function ruleOf(
  EventPattern: Record<string, unknown>,
  target = 'events',
  State: 'ENABLED' | 'DISABLED' = 'ENABLED',
) {
  return {
    logicalId: `Rule${JSON.stringify(EventPattern).length}${target}${State}`,
    properties: {
      EventBusName: 'ours',
      EventPattern,
      State,
      Targets: [{ Id: 'queue', Arn: arnOf(target), DeadLetterConfig: { Arn: arnOf('letters') } }],
    },
  };
}

beforeAll(async () => {
  aws = await startAws(region);
  const common = { region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  sqs = new SQSClient({ ...common, endpoint: aws.endpoints.sqs });
  sns = new SNSClient({ ...common, endpoint: aws.endpoints.sns });
  await createQueue('events', { MaximumMessageSize: '2048' });
  await createQueue('narrow');
  await createQueue('letters');
  await createBuses(
    {
      buses: [{ logicalId: 'Bus', properties: { Name: 'ours' } }],
      eventRules: [
        ruleOf({ source: [{ prefix: '' }] }),
        ruleOf({ source: ['com.acme', { prefix: 'org.' }], 'detail-type': ['published'] }, 'narrow'),
        ruleOf({ source: [{ prefix: '' }] }, 'narrow', 'DISABLED'),
      ],
    },
    aws.endpoints.events,
  );
});
afterAll(async () => {
  sqs.destroy();
  sns.destroy();
  await aws.close();
});

const entry = { EventBusName: 'ours', Source: 'com.acme', DetailType: 'published', Detail: '{"a":[1]}' };
const put = (...entries: object[]) => putEvents(aws.endpoints.events, entries);

describe('an event that is put on a bus', () => {
  it('is in the queues of its rules when it is answered, with what EventBridge adds to it', async () => {
    const Time = 1_767_225_600.987;
    const TraceHeader = 'Root=1-5759e988-bd862e3fe1be46a994272793';
    const { status, body } = await put({ ...entry, Resources: ['r'], Time, TraceHeader });
    expect(status).toBe(200);
    expect(body).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    const [message, ...others] = await receive('events');
    expect(others).toEqual([]);
    expect(message?.Attributes?.AWSTraceHeader).toBe(TraceHeader);
    const event = {
      version: '0',
      id: body.Entries?.[0]?.EventId,
      'detail-type': 'published',
      source: 'com.acme',
      account: '000000000000',
      time: '2026-01-01T00:00:00Z',
      region,
      resources: ['r'],
      detail: { a: [1] },
    };
    expect(JSON.parse(message?.Body ?? '')).toEqual(event);
    expect(await bodies('narrow')).toEqual([event]);
  });

  it('has a time of whole seconds, and only the rules that mean it', async () => {
    const bus = `arn:aws:events:${region}:000000000000:event-bus/ours`;
    await put({ ...entry, EventBusName: bus, Source: 'com.acme.more' }, { ...entry, DetailType: 'other' });
    await put({ ...entry, Source: 'org.acme' });
    const times = (await bodies('events')).map(({ time }) => time);
    expect(times).toHaveLength(3);
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await bodies('narrow')).toMatchObject([{ source: 'org.acme' }]);
  });

  it('is a dead letter, with the reason, when its queue does not take it', async () => {
    await put({ ...entry, Detail: JSON.stringify({ text: 'x'.repeat(2_048) }) });
    expect(await receive('events')).toEqual([]);
    const [letter] = await receive('letters');
    expect(letter?.MessageAttributes).toMatchObject({
      ERROR_CODE: { StringValue: 'INVALID_PARAMETER' },
      ERROR_MESSAGE: { StringValue: expect.stringContaining('2048 bytes') },
      TARGET_ARN: { StringValue: arnOf('events') },
    });
    expect(JSON.parse(letter?.Body ?? '')).toMatchObject({ source: 'com.acme' });
    await receive('narrow');
  });

  it('fails by itself where it is wrong, and is taken and gone where its bus does not exist', async () => {
    const argument = (name: string) => ({
      ErrorCode: 'InvalidArgument',
      ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
    });
    const malformed = { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const { Source: _source, ...nobodys } = entry;
    const { body } = await put(
      nobodys,
      { ...entry, DetailType: '' },
      { ...entry, Detail: '' },
      { ...entry, Detail: '[]' },
      { ...entry, Detail: 'not JSON' },
      { ...entry, Source: 'aws.s3' },
      { ...entry, EventBusName: 'none' },
      entry,
    );
    expect(body).toEqual({
      FailedEntryCount: 6,
      Entries: [
        argument('Source'),
        argument('DetailType'),
        argument('Detail'),
        malformed,
        malformed,
        { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: expect.any(String) },
        { EventId: expect.any(String) },
        { EventId: expect.any(String) },
      ],
    });
    expect(await bodies('events')).toHaveLength(1);
    await receive('narrow');
  });

  it.each([
    ['none', []],
    ['more than ten', Array.from({ length: 11 }, () => entry)],
    ['more than 1 MiB', [entry, { ...entry, Detail: JSON.stringify({ text: 'x'.repeat(1_048_576) }) }]],
  ])('is refused with all others when there are %s', async (_what, entries) => {
    const { status, body } = await put(...entries);
    expect(status).toBe(400);
    expect(body.__type).toBe('ValidationException');
    expect(await receive('events')).toEqual([]);
  });
});

test.each([
  [{ detail: { state: ['done'] } }, 'detail'],
  [{ source: [{ 'anything-but': 'x' }] }, 'prefix'],
  [{ source: [] }, 'source'],
  [{}, 'must ask for something'],
])('a rule with the pattern %j is refused, because it would only seem to work', async (pattern, message) => {
  const refused = createBuses({ buses: [], eventRules: [ruleOf(pattern)] }, aws.endpoints.events);
  await expect(refused).rejects.toThrow(message);
});

test('a target that is no queue is refused', async () => {
  const { properties, ...rule } = ruleOf({ source: ['x'] });
  const Targets = [{ Id: 'function', Arn: 'arn:aws:lambda:eu-west-1:000000000000:function:x' }];
  const eventRules = [{ ...rule, properties: { ...properties, Targets } }];
  await expect(createBuses({ buses: [], eventRules }, aws.endpoints.events)).rejects.toThrow(
    /must be a queue/,
  );
});

test('what is published on a topic is in its queues when it is answered, in an envelope or raw', async () => {
  await createQueue('wrapped');
  await createQueue('raw');
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'topic' }));
  const subscribe = (Endpoint: string, Attributes: Record<string, string> = {}) =>
    sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arnOf(Endpoint), Attributes }));
  await subscribe('wrapped');
  await subscribe('raw', { RawMessageDelivery: 'true' });
  await subscribe('nowhere');
  const binary = Buffer.from([0, 255]);
  const MessageAttributes = {
    source: { DataType: 'String', StringValue: 'dam' },
    seal: { DataType: 'Binary', BinaryValue: binary },
  };
  const { MessageId } = await sns.send(
    new PublishCommand({ TopicArn, Message: '{"é":1}', MessageAttributes }),
  );
  expect(await bodies('wrapped')).toMatchObject([
    {
      Type: 'Notification',
      MessageId,
      TopicArn,
      Message: '{"é":1}',
      MessageAttributes: { source: { Type: 'String', Value: 'dam' } },
    },
  ]);
  const [raw] = await receive('raw');
  expect(raw?.Body).toBe('{"é":1}');
  expect(raw?.MessageAttributes).toMatchObject({
    source: { StringValue: 'dam' },
    seal: { BinaryValue: new Uint8Array(binary) },
  });
  await expect(sns.send(new PublishCommand({ TopicArn: `${TopicArn}-none`, Message: 'x' }))).rejects.toThrow(
    'Topic does not exist',
  );
});
