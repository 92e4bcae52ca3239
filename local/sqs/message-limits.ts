import type { MessageAttribute, MessageContent } from './message.ts';
import { invalidParameter, missingParameter, SqsError } from './sqs-error.ts';

/** Of a message with its attributes, and of all messages of a batch together. */
export const largestMessageBytes = 1_048_576;

// What XML 1.0 allows; a lone half of a surrogate pair is no character.
const forbiddenCharacter = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
const mostAttributes = 10;
const attributeName = /^(?!aws\.|amazon\.|\.)(?!.*\.\.)(?!.*\.$)[\w.-]{1,256}$/iu;
const dataType = /^(?:String|Number|Binary)(?:\.[\w.-]+)?$/u;
const groupIdPattern = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/u;

/**
 * What SQS says about a message of a standard queue before it takes it.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 * @throws {SqsError} that names the parameter
 */
export function assertSendable({ body, attributes, groupId }: MessageContent): void {
  if (body === '') throw missingParameter('MessageBody');
  assertCharacters(body, 'message body');
  const named = Object.entries(attributes);
  if (named.length > mostAttributes) {
    throw new SqsError(
      'InvalidParameterValue',
      `Number of message attributes [${named.length}] exceeds the allowed maximum [${mostAttributes}].`,
    );
  }
  for (const [name, attribute] of named) assertAttribute(name, attribute);
  if (groupId !== null && !groupIdPattern.test(groupId)) {
    const reason =
      'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.';
    throw invalidParameter('MessageGroupId', groupId, reason);
  }
}

/** Bytes of a message as its queue's MaximumMessageSize counts them. */
export function sizeOf({ body, attributes }: MessageContent): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue = '', BinaryValue = '' }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType);
    size += Buffer.byteLength(StringValue) + Buffer.byteLength(BinaryValue, 'base64');
  }
  return size;
}

function assertAttribute(name: string, { DataType, StringValue, BinaryValue }: MessageAttribute): void {
  if (!attributeName.test(name)) {
    throw new SqsError('InvalidParameterValue', `The message attribute name '${name}' is invalid.`);
  }
  if (!dataType.test(DataType)) {
    const allowed =
      'has an invalid type; it must be String, Number or Binary, with a custom suffix if needed.';
    throw new SqsError('InvalidParameterValue', `The message attribute '${name}' ${allowed}`);
  }
  const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
  if (value === undefined || value === '') {
    const what = `The message attribute '${name}' must contain a non-empty value of type ${DataType}.`;
    throw new SqsError('InvalidParameterValue', what);
  }
  if (StringValue !== undefined) assertCharacters(StringValue, `message attribute '${name}'`);
  if (DataType.startsWith('Number') && !Number.isFinite(Number(value))) {
    throw new SqsError(
      'InvalidParameterValue',
      `Can't cast the value of message attribute '${name}' to a number.`,
    );
  }
}

function assertCharacters(text: string, where: string): void {
  const character = forbiddenCharacter.exec(text)?.[0].codePointAt(0);
  if (character === undefined) return;
  throw new SqsError(
    'InvalidMessageContents',
    `Invalid binary character '#x${character.toString(16).toUpperCase()}' was found in the ${where}, the set of ` +
      'allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  );
}
