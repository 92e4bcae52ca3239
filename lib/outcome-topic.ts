import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Outcome } from './outcome.ts';

/** SNS takes 256 KiB, attributes included; those are never longer than the rest. */
const largestTextBytes = 252 * 1_024;

/** The topic where other systems hear of ended jobs. Errors are those of the AWS SDK. */
export class OutcomeTopic {
  readonly #client: SNSClient;
  readonly #arn: string;

  constructor(client: SNSClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
  }

  /**
   * Publishes an outcome, with attributes by which subscriptions can be filtered without reading it.
   * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
   */
  async publish(outcome: Outcome): Promise<void> {
    const { source, type, state, error } = outcome.data;
    const attributes = { source, type, state, ...(error !== null && { code: error.code }) };
    await this.#client.send(
      new PublishCommand({
        TopicArn: this.#arn,
        Message: outcomeText(outcome),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, StringValue]) => [
            name,
            { DataType: 'String', StringValue },
          ]),
        ),
      }),
    );
  }
}

/** An outcome as it is published; without its list of recipients where SNS would not take it with it. */
export function outcomeText(outcome: Outcome): string {
  const { data } = outcome;
  const text = serialized(outcome);
  if (data.recipients === null || Buffer.byteLength(text) <= largestTextBytes) return text;
  return serialized({ ...outcome, data: { ...data, recipients: { ...data.recipients, list: null } } });
}

/** JSON without the two characters that JSON may have, and a message in SQS may not. */
function serialized(outcome: Outcome): string {
  return JSON.stringify(outcome).replaceAll(
    /[\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}
