declare const brand: unique symbol;

/** Where an event stands among the events of its subject. Compare with `<`; equal means the same event. */
export type EventOrder = string & { readonly [brand]: true };

/**
 * The order of an event: its `sequence` where it has one, else its time; ties are broken by the event's id.
 * Any sequence stands after any time, so the order is total even when a source starts to number its events.
 * @param time an RFC 3339 instant, as `normalizeTime` gives it
 */
export function eventOrder(event: { id: string; time: string; sequence?: string | undefined }): EventOrder {
  const position = event.sequence === undefined ? `0${event.time}` : `1${event.sequence}`;
  // A space sorts before every character that a time or a sequence may hold.
  return `${position} ${event.id}` as EventOrder;
}

/**
 * Brings an RFC 3339 instant to UTC with nine fraction digits, so that text order is time order.
 * Digits past the ninth are dropped. Returns null for text that is no such instant.
 */
export function normalizeTime(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/.exec(text);
  if (match === null) return null;
  const [, date = '', clock = '', fraction = '', zone = ''] = match;
  // Date() takes 30 February for 1 or 2 March: compare the calendar day as well.
  const local = new Date(`${date}T${clock}Z`);
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(`${date}T${clock}`)) return null;
  const instant = new Date(`${date}T${clock}${zone.toUpperCase()}`);
  const year = instant.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return null;
  return `${instant.toISOString().slice(0, 19)}.${fraction.slice(0, 9).padEnd(9, '0')}Z`;
}
