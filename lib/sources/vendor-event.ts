import {
  parseCloudEvent,
  translatedDataSchemas,
  type ConnectorEvent,
  type Fault,
  type RequestedFile,
} from '../events.ts';
import { applyMapping, type Origins, type Reading } from './apply-mapping.ts';
import type { Mapping } from './mapping.ts';
import type { Translation } from './source.ts';

/** What has happened to one thing at a vendor, as its adapter read it; the rest is for the mapping to say. */
export interface VendorEvent {
  readonly id: unknown;
  readonly subject: unknown;
  /** One of our types, or any other text for what is ignored. */
  readonly type: unknown;
  readonly time?: unknown;
  readonly sequence?: unknown;
  /** Tags by which an `asset.metadata` changes those that are there. */
  readonly tags?: { readonly add: readonly unknown[]; readonly remove: readonly unknown[] };
  /** How the file is asked for, where the payload has no link to it. */
  readonly request?: Pick<RequestedFile, 'request' | 'link' | 'notBefore' | 'details'>;
}

/**
 * Fills vendor events with what the mapping takes out of their payload, and checks them by the same rules as events
 * that come as CloudEvents.
 * @returns `unreadable` when any of it is wrong; each fault says where the value came from
 */
export function fillEvents(
  events: readonly VendorEvent[],
  mapping: Mapping,
  reading: Reading,
  receivedAt: Date,
): Translation {
  const filled: ConnectorEvent[] = [];
  const origins: Origins[] = [];
  const faults: Fault[] = [];
  for (const event of events) {
    const mapped = dataOf(event, mapping, reading);
    const { id, subject, type, time, sequence } = event;
    const envelope = {
      specversion: '1.0',
      source: '/',
      id,
      subject,
      type,
      time,
      sequence,
      data: mapped.data,
    };
    const parsed = parseCloudEvent(envelope, receivedAt, [], translatedDataSchemas);
    if ('event' in parsed) {
      filled.push(parsed.event);
      origins.push(mapped.origins);
    } else faults.push(...parsed.faults.map((fault) => withOrigin(fault, mapped.origins)));
  }
  if (faults.length === 0) return { kind: 'events', events: filled, origins };
  return unreadable(faults, events[0]?.subject);
}

/** @param subject what the payload is about, where that much can be read */
export function unreadable(faults: readonly Fault[], subject?: unknown): Translation {
  const isSubject = typeof subject === 'string' && subject.length > 0 && subject.length <= 1_024;
  return { kind: 'unreadable', faults, ...(isSubject && { subject }) };
}

/** The JSON of a payload; undefined when it is none. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function dataOf(
  { type, tags, request }: VendorEvent,
  mapping: Mapping,
  reading: Reading,
): { data: Readonly<Record<string, unknown>>; origins: Origins } {
  if (type === 'asset.metadata' && tags !== undefined) return { data: { tags }, origins: {} };
  if (type === 'asset.metadata') {
    const { data, origins } = applyMapping({ metadata: mapping.metadata }, reading);
    return { data: { metadata: data.metadata }, origins };
  }
  if (type !== 'asset.upsert') return { data: {}, origins: {} };
  const { data, origins } = applyMapping(mapping, reading);
  if (request === undefined || data.file === undefined) return { data, origins };
  const { url: _url, ...announced } = data.file;
  return { data: { ...data, file: undefined, requested: { ...announced, ...request } }, origins };
}

/** `data.metadata.tags[2]` came from where `metadata.tags` did. */
function withOrigin({ field, message }: Fault, origins: Origins): Fault {
  const path = field.replace(/^data\./, '').replace(/^requested\./, 'file.');
  const known = Object.keys(origins).find(
    (name) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`),
  );
  const origin = known === undefined ? undefined : origins[known];
  return { field, message: origin === undefined ? message : `${message} (from ${origin})` };
}
