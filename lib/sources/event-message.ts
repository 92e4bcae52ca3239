import {
  eventBridgeSchema,
  payloadOfEventBridge,
  type EventBridgeEvent,
  type MessagePayload,
} from './eventbridge-event.ts';
import { payloadOfNotification, payloadOfText, type Attributes } from './message-payload.ts';
import { snsMessageSchema, type SnsConfirmation, type SnsNotification } from './sns-message.ts';
import type { Source } from './source.ts';
import { parseJson } from './vendor-event.ts';

/** Whose a message says it is; nothing of it is believed but that somebody was allowed to send it. */
export interface Claim {
  /** The name of a source of ours that was given with the message. */
  readonly given?: string;
  /** The topic that it came by. */
  readonly topicArn?: string;
  /** What its events say about where they come from. */
  readonly names?: readonly string[];
}

/** A message of the queue for events: what was sent, whose it says it is, and what wraps it. */
export interface EventMessage {
  readonly text: string;
  readonly attributes: Attributes;
  readonly claim: Claim;
  readonly notification?: SnsNotification;
  /** SNS asks first whether the queue wants to hear of a topic, where the topic's owner has subscribed it. */
  readonly confirmation?: SnsConfirmation;
  readonly event?: EventBridgeEvent;
}

/** The message attribute that names a source. */
export const sourceAttribute = 'source';

/**
 * Reads a message that another system has sent: CloudEvents (one, or an array of them), an event of EventBridge, a
 * notification of SNS, or anything else, which a source's adapter may know. Never throws.
 */
export function readEventMessage(text: string, attributes: Attributes): EventMessage {
  const value = parseJson(Buffer.from(text));
  const message = snsMessageSchema.safeParse(value).data;
  if (message?.Type === 'Notification') {
    const given = attributes[sourceAttribute] ?? message.MessageAttributes?.[sourceAttribute]?.Value;
    const claim = { topicArn: message.TopicArn, ...(given !== undefined && { given }) };
    return { text, attributes, claim, notification: message };
  }
  if (message !== undefined)
    return { text, attributes, claim: { topicArn: message.TopicArn }, confirmation: message };
  const event = eventBridgeSchema.safeParse(value).data;
  const given = attributes[sourceAttribute];
  const names = namesIn(value);
  const claim = { ...(given !== undefined && { given }), ...(names.length > 0 && { names }) };
  return { text, attributes, claim, ...(event !== undefined && { event }) };
}

/** What is to be read of a message, once its source is known. */
export function payloadOfMessage(
  { text, attributes, notification, event }: EventMessage,
  source: Source,
  receivedAt: Date,
): MessagePayload {
  if (event !== undefined) return payloadOfEventBridge(source, event, attributes, receivedAt);
  const payload =
    notification === undefined
      ? payloadOfText(text, attributes, receivedAt)
      : payloadOfNotification(source, notification, Buffer.from(text), receivedAt);
  return { payload, faults: [] };
}

/** CloudEvents and EventBridge both call it `source`. */
function namesIn(value: unknown): string[] {
  const events: unknown[] = Array.isArray(value) ? value : [value];
  const names = events.flatMap((event) =>
    typeof event === 'object' && event !== null && 'source' in event ? [event.source] : [],
  );
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}
