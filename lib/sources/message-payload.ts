import { adapterOf } from './adapters.ts';
import type { SnsNotification } from './sns-message.ts';
import type { Payload, Source } from './source.ts';

/** What goes beside the text of a message: what would be headers of a webhook. */
export type Attributes = Readonly<Record<string, string>>;

/** The payload in the text of a message, whose attributes stand for headers. CloudEvents need not name their type. */
export function payloadOfText(text: string, attributes: Attributes, receivedAt: Date): Payload {
  const isBatch = text.trimStart().startsWith('[');
  const headers = {
    'content-type': `application/cloudevents${isBatch ? '-batch' : ''}+json`,
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value])),
  };
  return { headers, body: Buffer.from(text), receivedAt };
}

/**
 * The payload of what a topic has told, as its source's adapter reads it.
 * @param whole the notification byte for byte
 */
export function payloadOfNotification(
  source: Source,
  { Message, MessageAttributes = {} }: SnsNotification,
  whole: Buffer,
  receivedAt: Date,
): Payload {
  if (adapterOf(source).readsSnsMessage === true) return { headers: {}, body: whole, receivedAt };
  const attributes = Object.entries(MessageAttributes).map(([name, { Value }]) => [name, Value]);
  return payloadOfText(Message, Object.fromEntries(attributes) as Attributes, receivedAt);
}
