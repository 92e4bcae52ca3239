import * as z from 'zod';
import type { Account } from './account.ts';
import { digestOfAttributes, digestOfBody } from './message-digest.ts';
import { assertSendable, sizeOf } from './message-limits.ts';
import type { Message, MessageContent } from './message.ts';
import type { Queue } from './queue.ts';
import { assertInRange, invalidParameter, SqsError } from './sqs-error.ts';

const attributes = z.record(
  z.string(),
  z.object({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() }),
);

/** What SendMessage, and an entry of SendMessageBatch, say about a message. */
export const outgoingMessage = z.object({
  MessageBody: z.string(),
  DelaySeconds: z.number().optional(),
  MessageAttributes: attributes.default({}),
  MessageSystemAttributes: attributes.default({}),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
});
export type OutgoingMessage = z.output<typeof outgoingMessage>;

/** @throws {SqsError} when the queue does not take the message */
export function composeMessage(given: OutgoingMessage, queue: Queue, account: Account): Message {
  const { DelaySeconds, MessageDeduplicationId, MessageSystemAttributes } = given;
  assertInRange('DelaySeconds', DelaySeconds, 0, 900);
  if (MessageDeduplicationId !== undefined) {
    const reason = 'The request includes a parameter that is not valid for this queue type.';
    throw invalidParameter('MessageDeduplicationId', MessageDeduplicationId, reason);
  }
  for (const name of Object.keys(MessageSystemAttributes)) {
    if (name === 'AWSTraceHeader') continue;
    throw new SqsError('InvalidParameterValue', `Message system attribute name '${name}' is invalid.`);
  }
  const content = contentOf(given);
  assertSendable(content);
  const mostBytes = queue.setting('MaximumMessageSize');
  if (sizeOf(content) > mostBytes) {
    const reason = `Reason: Message must be shorter than ${mostBytes} bytes.`;
    throw new SqsError('InvalidParameterValue', `One or more parameters are invalid. ${reason}`);
  }
  return account.newMessage(content, (DelaySeconds ?? queue.setting('DelaySeconds')) * 1_000);
}

export function contentOf({
  MessageBody,
  MessageAttributes,
  MessageSystemAttributes,
  MessageGroupId,
}: OutgoingMessage): MessageContent {
  return {
    body: MessageBody,
    attributes: MessageAttributes,
    traceHeader: MessageSystemAttributes['AWSTraceHeader']?.StringValue ?? null,
    groupId: MessageGroupId ?? null,
  };
}

/** What the sender hears, so that it can tell whether its message arrived unharmed. */
export function receiptOf(
  { id, content }: Message,
  { MessageSystemAttributes }: OutgoingMessage,
): Readonly<Record<string, string | undefined>> {
  return {
    MessageId: id,
    MD5OfMessageBody: digestOfBody(content.body),
    MD5OfMessageAttributes: digestOfAttributes(content.attributes),
    MD5OfMessageSystemAttributes: digestOfAttributes(MessageSystemAttributes),
  };
}
