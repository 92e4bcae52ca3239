import * as z from 'zod';
import { eventDataSchemas, type Fault } from '../events.ts';
import { payloadOfText, type Attributes } from './message-payload.ts';
import type { Payload, Source } from './source.ts';

/**
 * An event as EventBridge hands it to a target.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 */
export const eventBridgeSchema = z.object({
  id: z.string(),
  'detail-type': z.string(),
  source: z.string(),
  time: z.string().optional(),
  resources: z.array(z.string()).default([]),
  detail: z.record(z.string(), z.unknown()),
});
export type EventBridgeEvent = z.output<typeof eventBridgeSchema>;

/** A payload, and what was found wrong with the message that it came in. */
export interface MessagePayload {
  readonly payload: Payload;
  readonly faults: readonly Fault[];
}

/**
 * The payload in an event of EventBridge: a CloudEvent where its source sends those, else what is in its `detail`.
 * The event's id and time are EventBridge's own, and the time has whole seconds only: what orders events better goes
 * into `detail`, beside the data.
 */
export function payloadOfEventBridge(
  { adapter }: Source,
  event: EventBridgeEvent,
  attributes: Attributes,
  receivedAt: Date,
): MessagePayload {
  if (adapter !== 'cloudevents') {
    return { payload: payloadOfText(JSON.stringify(event.detail), attributes, receivedAt), faults: [] };
  }
  const { subject, faults } = subjectOf(event);
  const cloudEvent = { ...cloudEventOf(event), ...(subject !== undefined && { subject }) };
  // What came beside the message says nothing about what was made of it here.
  return { payload: payloadOfText(JSON.stringify(cloudEvent), {}, receivedAt), faults };
}

function cloudEventOf({ id: ownId, source, time: ownTime, detail, ...event }: EventBridgeEvent): object {
  const type = event['detail-type'];
  const envelope = { specversion: '1.0', id: ownId, source, type, time: ownTime };
  // Of what means nothing here no more is read than that it has happened.
  if (!isOurs(type)) return envelope;
  const { id = ownId, time = ownTime, sequence, traceparent, subject: _subject, ...data } = detail;
  return { ...envelope, id, time, sequence, traceparent, data };
}

/** What an event is about, as it came: whether it is a subject, whoever reads the CloudEvent says. */
function subjectOf(event: EventBridgeEvent): { subject?: unknown; faults: readonly Fault[] } {
  const { detail, resources } = event;
  const type = event['detail-type'];
  const { subject } = detail;
  if (!isOurs(type)) return { subject: typeof subject === 'string' ? subject : type, faults: [] };
  if (subject !== undefined) return { subject, faults: [] };
  const [only] = resources;
  if (only !== undefined && resources.length === 1) return { subject: only, faults: [] };
  const count = only === undefined ? 'no entry' : `${resources.length} entries`;
  const message = `is missing: give detail.subject, or exactly one entry in resources (it has ${count})`;
  return { faults: [{ field: 'subject', message }] };
}

function isOurs(type: string): boolean {
  return Object.hasOwn(eventDataSchemas, type);
}
