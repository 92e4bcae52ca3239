import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import type { Outcome } from '../lib/outcome.ts';

/** Where the local stack's SNS answers, and the name of one of its topics. */
export interface Topic {
  readonly endpoint: string;
  readonly name: string;
}
export const outcomeTopicName = 'showpad-connector-outcome-topic';

export interface Received {
  readonly outcome: Outcome;
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** Another system that hears of outcomes: a queue of its own that is subscribed to the topic. */
export interface OutcomeSubscriber {
  /** Everything that was delivered since the last call. */
  readonly take: () => Promise<Received[]>;
  readonly close: () => void;
}

const region = 'eu-west-1';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * Subscribes a new queue to a topic, which is made where it is not there yet. The local SNS delivers to the queues that
 * answer at its own address.
 * @param filterPolicy which outcomes it wants, by their attributes; without it, all of them
 */
export async function subscribe(
  { endpoint, name }: Topic,
  filterPolicy?: Readonly<Record<string, readonly string[]>>,
): Promise<OutcomeSubscriber> {
  const sns = new SNSClient({ endpoint, region, credentials });
  const sqs = new SQSClient({ endpoint, region, credentials });
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  const QueueName = `subscriber-${randomUUID()}`;
  await sqs.send(new CreateQueueCommand({ QueueName }));
  const QueueUrl = `${endpoint}/000000000000/${QueueName}`;
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:${region}:000000000000:${QueueName}`,
      Attributes: {
        RawMessageDelivery: 'true',
        ...(filterPolicy !== undefined && { FilterPolicy: JSON.stringify(filterPolicy) }),
      },
    }),
  );
  const receive = async (): Promise<Message[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        VisibilityTimeout: 43_200,
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages;
  };
  return {
    take: async () => {
      const all: Message[] = [];
      for (let some = await receive(); some.length > 0; some = await receive()) all.push(...some);
      return all.map(({ Body = '', MessageAttributes = {} }) => ({
        outcome: JSON.parse(Body) as Outcome,
        attributes: Object.fromEntries(
          Object.entries(MessageAttributes).map(([attribute, { StringValue }]) => [attribute, StringValue]),
        ),
      }));
    },
    close: () => {
      sns.destroy();
      sqs.destroy();
    },
  };
}
