import { adapterOf } from '../../lib/sources/adapters.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import type { Delivery, Source, Translation } from '../../lib/sources/source.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** A source that is set up so, as the secret would have it. */
export function sourceOf(settings: Readonly<Record<string, unknown>>): Source {
  const source = parseSources(JSON.stringify({ vendor: settings })).get('vendor');
  if (source === undefined) throw new Error('There is no source.');
  return source;
}

/** What a vendor posts. */
export function deliveryOf(
  body: unknown,
  headers: Headers = {},
  more: Partial<Pick<Delivery, 'method' | 'path' | 'receivedAt'>> = {},
): Delivery {
  return {
    method: 'POST',
    path: '/events/vendor',
    headers,
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    receivedAt: new Date('2026-01-01T00:00:00Z'),
    ...more,
  };
}

export function verify(source: Source, delivery: Delivery): string | null | Promise<string | null> {
  return adapterOf(source).verify(source, delivery);
}

export function translate(source: Source, body: unknown, headers: Headers = {}): Translation {
  return adapterOf(source).translate(source, deliveryOf(body, headers));
}

/** The events that a payload means, without what only orders them. */
export function eventsOf(source: Source, body: unknown, headers: Headers = {}) {
  const translation = translate(source, body, headers);
  if (translation.kind !== 'events') throw new Error(`No events: ${JSON.stringify(translation)}`);
  return translation.events.map(({ order: _order, ...event }) => event);
}

/** What is wrong with a payload. */
export function faultsOf(source: Source, body: unknown, headers: Headers = {}) {
  const translation = translate(source, body, headers);
  if (translation.kind !== 'unreadable') throw new Error(`It was read: ${JSON.stringify(translation)}`);
  return translation.faults.map(({ field, message }) => `${field} ${message}`);
}
