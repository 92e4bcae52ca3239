import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import { randomUUID } from 'node:crypto';
import type { Outcome } from '../lib/outcome.ts';
import type { Stack } from '../local/stack.ts';

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

/** @param filterPolicy which outcomes it wants, by their attributes; without it, all of them */
export async function subscribe(stack: Stack, filterPolicy?: object): Promise<OutcomeSubscriber> {
  const { sns, sqs: given } = stack.clients;
  // The topics of the local stack deliver to the queues that answer at their own address.
  const { region, credentials } = given.config;
  const sqs = new SQSClient({ endpoint: stack.aws.sns, region, credentials });
  const QueueName = `subscriber-${randomUUID()}`;
  await sqs.send(new CreateQueueCommand({ QueueName }));
  const QueueUrl = `${stack.aws.sns}/000000000000/${QueueName}`;
  await sns.send(
    new SubscribeCommand({
      TopicArn: stack.topics['outcome'],
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:${await region()}:000000000000:${QueueName}`,
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
          Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
        ),
      }));
    },
    close: () => {
      sqs.destroy();
    },
  };
}
