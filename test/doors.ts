import { CreateTopicCommand, PublishCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { cloudEvent, signed, type Connector } from './connector.ts';
import { putEvents } from './event-bridge-caller.ts';
import { createSnsTopic, fromSns } from './sns-topic.ts';

/** An event as every door is to bring it; `subject` is a path, so that it can be the key of an object too. */
export interface DoorEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A way by which events come in: a row of the test that all of them come to the same. */
export interface Door {
  /** The source that comes by it, and how it is set up beside its adapter, secrets and Division. */
  readonly source: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether it tells an event's own id and time, which order it. */
  readonly tellsOrder: boolean;
  /** Brings an event to the door; settles when the connector can find it. */
  readonly bring: (connector: Connector, event: DoorEvent) => Promise<unknown>;
}

export const doorSecret = `whsec_${Buffer.from('a secret of all doors').toString('base64')}`;
/** The topic of the source `sns-https`; the stack has to believe it. */
export const signedTopic = createSnsTopic('arn:aws:sns:eu-west-1:123456789012:signed');
const account = '000000000000';
const queueArn = `arn:aws:sqs:eu-west-1:${account}:showpad-connector-events-queue`;
const topicArn = (name: string): string => `arn:aws:sns:eu-west-1:${account}:${name}`;

/** Sends a message to the queue for events, with attributes of text. */
export function sendEvents(
  { stack }: Connector,
  body: unknown,
  attributes: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
  const command = { QueueUrl: stack.queues['events'], MessageBody, MessageAttributes };
  return stack.clients.sqs.send(new SendMessageCommand(command));
}

/** Publishes on a topic that is made, and subscribed by the queue, where it is not yet. */
async function publish(
  { stack: { clients } }: Connector,
  topic: string,
  event: object,
  { raw = false, source }: { readonly raw?: boolean; readonly source?: string } = {},
): Promise<void> {
  const { TopicArn } = await clients.sns.send(new CreateTopicCommand({ Name: topic }));
  await clients.sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      Attributes: { RawMessageDelivery: String(raw) },
    }),
  );
  await clients.sns.send(
    new PublishCommand({
      TopicArn,
      Message: JSON.stringify(event),
      ...(source !== undefined && {
        MessageAttributes: { source: { DataType: 'String', StringValue: source } },
      }),
    }),
  );
}

/** Every door; one that is added here is held to the same. */
export const doors: readonly Door[] = [
  {
    source: 'https',
    settings: { doors: ['https'] },
    tellsOrder: true,
    bring: async ({ post }, event) => {
      const body = JSON.stringify(cloudEvent({ ...event }));
      const { status } = await post('/events/https', body, signed(doorSecret, body));
      if (status !== 202) throw new Error(`The webhook was answered with ${status}.`);
    },
  },
  {
    source: 'sns-https',
    settings: { topicArn: signedTopic.topicArn },
    tellsOrder: true,
    bring: async ({ post }, event) => {
      const { path, body, headers } = fromSns(
        '/events/sns-https',
        signedTopic.notify(cloudEvent({ ...event })),
      );
      const { status } = await post(path, body, headers);
      if (status !== 202) throw new Error(`The message of SNS was answered with ${status}.`);
    },
  },
  {
    source: 'sqs',
    settings: { doors: ['queue'], knownAs: ['/cms/of/acme'] },
    tellsOrder: true,
    bring: (connector, event) => sendEvents(connector, cloudEvent({ ...event, source: '/cms/of/acme' })),
  },
  {
    source: 'sqs-batch',
    tellsOrder: true,
    bring: (connector, event) => sendEvents(connector, [cloudEvent({ ...event })], { source: 'sqs-batch' }),
  },
  {
    source: 'event-bridge',
    settings: { knownAs: ['com.acme.dam'] },
    tellsOrder: true,
    bring: async ({ stack }, { id, time, type, subject, data }) => {
      const { body } = await putEvents(stack.aws.events, [
        {
          EventBusName: 'showpad-connector',
          Source: 'com.acme.dam',
          DetailType: type,
          Resources: [subject],
          Detail: JSON.stringify({ ...data, id, time }),
        },
      ]);
      if (body.FailedEntryCount !== 0) throw new Error(`EventBridge answered ${JSON.stringify(body)}.`);
    },
  },
  {
    source: 'sns-sqs',
    settings: { topicArn: topicArn('dam-in-envelopes') },
    tellsOrder: true,
    bring: (connector, event) => publish(connector, 'dam-in-envelopes', cloudEvent({ ...event })),
  },
  {
    source: 'sns-sqs-raw',
    tellsOrder: true,
    bring: (connector, event) =>
      publish(connector, 'dam-raw', cloudEvent({ ...event }), { raw: true, source: 'sns-sqs-raw' }),
  },
];
