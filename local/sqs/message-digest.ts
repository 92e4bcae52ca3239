import { createHash, hash } from 'node:crypto';
import type { MessageAttributes } from './message.ts';

export function digestOfBody(body: string): string {
  return hash('md5', body);
}

const stringTransport = Buffer.of(1);
const binaryTransport = Buffer.of(2);

/**
 * The MD5 of message attributes, in the order of their names; undefined where there are none.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function digestOfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).toSorted();
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const update = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue = '', BinaryValue } = attributes[name] ?? {};
    update(Buffer.from(name));
    update(Buffer.from(DataType));
    digest.update(BinaryValue === undefined ? stringTransport : binaryTransport);
    update(BinaryValue === undefined ? Buffer.from(StringValue) : Buffer.from(BinaryValue, 'base64'));
  }
  return digest.digest('hex');
}
