import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

interface Attribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** In base64. */
  readonly BinaryValue?: string;
}

/** What another service of AWS sends to a queue. */
export interface OutgoingText {
  readonly queueArn: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** X-Ray's header. */
  readonly trace?: string;
}

/**
 * Sends to a queue as another service of AWS does.
 * @param endpoint where SQS answers
 * @throws {Error} as the SDK does, when there is no such queue or it does not take the message
 */
export async function toQueue(
  endpoint: string,
  region: string,
  { queueArn, body, attributes = {}, trace }: OutgoingText,
): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ endpoint, region, credentials });
  try {
    const { QueueUrl = '' } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: queueArn.split(':').at(-1) ?? '' }),
    );
    await sqs.send(
      new SendMessageCommand({
        // Its host may be another's: the path is what counts.
        QueueUrl: new URL(new URL(QueueUrl).pathname, endpoint).href,
        MessageBody: body,
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, { BinaryValue, ...attribute }]) => [
            name,
            { ...attribute, ...(BinaryValue && { BinaryValue: Buffer.from(BinaryValue, 'base64') }) },
          ]),
        ),
        ...(trace !== undefined && {
          MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
        }),
      }),
    );
  } finally {
    sqs.destroy();
  }
}
