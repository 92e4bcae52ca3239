import { readRedriveAllowPolicy, readRedrivePolicy } from './redrive-policy.ts';
import { SqsError } from './sqs-error.ts';

export type QueueAttributes = Readonly<Record<string, string>>;

interface Range {
  readonly lowest: number;
  readonly highest: number;
}

const ranges: Readonly<Record<string, Range>> = {
  DelaySeconds: { lowest: 0, highest: 900 },
  MaximumMessageSize: { lowest: 1_024, highest: 1_048_576 },
  MessageRetentionPeriod: { lowest: 60, highest: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { lowest: 0, highest: 20 },
  VisibilityTimeout: { lowest: 0, highest: 43_200 },
  KmsDataKeyReusePeriodSeconds: { lowest: 60, highest: 86_400 },
};
const texts = ['Policy', 'KmsMasterKeyId'];
const booleans = ['SqsManagedSseEnabled'];
const policies: Readonly<Record<string, (text: string) => unknown>> = {
  RedrivePolicy: readRedrivePolicy,
  RedriveAllowPolicy: readRedriveAllowPolicy,
};
const settable = new Set([...Object.keys(ranges), ...texts, ...booleans, ...Object.keys(policies)]);
const countedAttributes = [
  'QueueArn',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
];

export const defaultAttributes: QueueAttributes = {
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
  SqsManagedSseEnabled: 'true',
};

/**
 * Checks attributes of a standard queue that somebody sets; an empty text takes a policy away.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 * @throws {SqsError} that names the attribute
 */
export function assertAttributes(attributes: QueueAttributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (!settable.has(name)) throw unknownAttribute(name);
    const range = ranges[name];
    const isRight =
      range === undefined
        ? !booleans.includes(name) || value === 'true' || value === 'false'
        : /^\d+$/u.test(value) && Number(value) >= range.lowest && Number(value) <= range.highest;
    if (!isRight) throw new SqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
    if (value !== '') policies[name]?.(value);
  }
}

/** @throws {SqsError} when a name is none of a standard queue's attributes */
export function assertAttributeNames(names: readonly string[]): void {
  for (const name of names) {
    if (name !== 'All' && !settable.has(name) && !countedAttributes.includes(name))
      throw unknownAttribute(name);
  }
}

function unknownAttribute(name: string): SqsError {
  return new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
}
