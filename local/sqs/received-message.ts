import { digestOfAttributes, digestOfBody } from './message-digest.ts';
import type { Message, MessageAttributes } from './message.ts';
import { receiptHandle } from './receipt-handle.ts';

/** Which attributes a receiver wants to see. */
export interface AskedAttributes {
  readonly system: readonly string[];
  readonly custom: readonly string[];
}

export interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: MessageAttributes;
  readonly MD5OfMessageAttributes?: string | undefined;
}

const senderId = 'AIDAIENQZJOLO23YVJ4VO';

/** A message as its receiver sees it. */
export function describeReceived(
  message: Message,
  queueName: string,
  { system, custom }: AskedAttributes,
): ReceivedMessage {
  const { id, content, receiveCount } = message;
  const attributes = pick(
    systemAttributes(message),
    (name) => system.includes('All') || system.includes(name),
  );
  const messageAttributes = pick(content.attributes, (name) => custom.some((asked) => isMeant(asked, name)));
  return {
    MessageId: id,
    ReceiptHandle: receiptHandle({ queueName, messageId: id, receiveCount }),
    Body: content.body,
    MD5OfBody: digestOfBody(content.body),
    ...(attributes !== undefined && { Attributes: attributes }),
    ...(messageAttributes !== undefined && {
      MessageAttributes: messageAttributes,
      MD5OfMessageAttributes: digestOfAttributes(messageAttributes),
    }),
  };
}

function systemAttributes(message: Message): Record<string, string> {
  const { content, deadLetterSourceArn, firstReceivedAt, receiveCount, sentAt } = message;
  return {
    SenderId: senderId,
    SentTimestamp: String(sentAt),
    ApproximateReceiveCount: String(receiveCount),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
    ...(content.groupId !== null && { MessageGroupId: content.groupId }),
    ...(content.traceHeader !== null && { AWSTraceHeader: content.traceHeader }),
    ...(deadLetterSourceArn !== null && { DeadLetterQueueSourceArn: deadLetterSourceArn }),
  };
}

/** `All` and `.*` mean every name, `foo.*` those that begin with `foo.`. */
function isMeant(asked: string, name: string): boolean {
  if (asked === 'All' || asked === '.*') return true;
  return asked.endsWith('.*') ? name.startsWith(asked.slice(0, -1)) : name === asked;
}

function pick<Value>(
  all: Readonly<Record<string, Value>>,
  isWanted: (name: string) => boolean,
): Readonly<Record<string, Value>> | undefined {
  const wanted = Object.entries(all).filter(([name]) => isWanted(name));
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}
