import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventOrder, normalizeTime } from '../../lib/event-order.ts';

const written = ({ at, offsetMinutes }: { at: Date; offsetMinutes: number }): string => {
  const local = new Date(at.getTime() + offsetMinutes * 60_000).toISOString().slice(0, 23);
  const minutes = Math.abs(offsetMinutes);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${hours}:${rest}`;
};

describe('a time', () => {
  it.each([
    ['2026-11-30T09:00:00Z', '2026-11-30T09:00:00.000000000Z'],
    ['2026-11-30t09:00:00z', '2026-11-30T09:00:00.000000000Z'],
    ['2026-11-30T09:00:00.5Z', '2026-11-30T09:00:00.500000000Z'],
    ['2026-11-30T09:00:00.123456789Z', '2026-11-30T09:00:00.123456789Z'],
    ['2026-11-30T09:00:00.1234567899Z', '2026-11-30T09:00:00.123456789Z'],
    ['2026-11-30T09:00:00+00:00', '2026-11-30T09:00:00.000000000Z'],
    ['2026-11-30T09:00:00-00:00', '2026-11-30T09:00:00.000000000Z'],
    ['2026-11-30T23:30:00.25-01:00', '2026-12-01T00:30:00.250000000Z'],
    ['2026-12-01T00:15:00+05:45', '2026-11-30T18:30:00.000000000Z'],
    ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000000000Z'],
    ['2000-02-29T12:00:00Z', '2000-02-29T12:00:00.000000000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000000000Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
  ])('%s is brought to %s', (text, normalized) => {
    expect(normalizeTime(text)).toBe(normalized);
  });

  it.each([
    ['nothing', ''],
    ['a date alone', '2026-11-30'],
    ['no zone', '2026-11-30T09:00:00'],
    ['no seconds', '2026-11-30T09:00Z'],
    ['a space for the T', '2026-11-30 09:00:00Z'],
    ['a point without digits', '2026-11-30T09:00:00.Z'],
    ['a comma for the point', '2026-11-30T09:00:00,5Z'],
    ['an offset without a colon', '2026-11-30T09:00:00+0100'],
    ['an offset of 24 hours', '2026-11-30T09:00:00+24:00'],
    ['an offset of 60 minutes', '2026-11-30T09:00:00+00:60'],
    ['29 February of a common year', '2026-02-29T09:00:00Z'],
    ['29 February of 1900', '1900-02-29T09:00:00Z'],
    ['30 February', '2024-02-30T09:00:00Z'],
    ['31 April', '2026-04-31T09:00:00Z'],
    ['month 13', '2026-13-01T09:00:00Z'],
    ['month 0', '2026-00-01T09:00:00Z'],
    ['hour 24', '2026-11-30T24:00:00Z'],
    ['minute 60', '2026-11-30T09:60:00Z'],
    ['a year of five digits', '12026-11-30T09:00:00Z'],
    ['a negative year', '-2026-11-30T09:00:00Z'],
    ['an instant after the year 9999', '9999-12-31T23:59:59-01:00'],
    ['an instant before the year 0', '0000-01-01T00:00:00+01:00'],
    ['Unix seconds', '1764493200'],
    ['a line break at the end', '2026-11-30T09:00:00Z\n'],
    ['digits of another script', '２０２６-11-30T09:00:00Z'],
  ])('with %s is refused', (_what, text) => {
    expect(normalizeTime(text)).toBeNull();
  });

  it('keeps its instant and its order whatever its offset', () => {
    const instant = fc.record({
      at: fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9998-12-31T00:00:00Z'),
        noInvalidDate: true,
      }),
      offsetMinutes: fc.integer({ min: -1439, max: 1439 }),
    });
    fc.assert(
      fc.property(instant, instant, (left, right) => {
        const [first, second] = [left, right].map((one) => normalizeTime(written(one)) ?? '');
        expect(new Date(first ?? '').getTime()).toBe(left.at.getTime());
        expect(Math.sign(left.at.getTime() - right.at.getTime())).toBe(
          first === second ? 0 : String(first) < String(second) ? -1 : 1,
        );
      }),
    );
  });
});

const time = (text: string): string => normalizeTime(text) ?? '';

describe('the order of events', () => {
  const at = (text: string, id = 'a', sequence?: string) => eventOrder({ id, time: time(text), sequence });

  it('is the order of their times, down to the nanosecond', () => {
    expect(at('2026-01-01T00:00:00.000000001Z') < at('2026-01-01T00:00:00.000000002Z')).toBe(true);
    expect(at('2026-01-01T00:00:00.9Z') < at('2026-01-01T00:00:01Z')).toBe(true);
    expect(at('2026-01-01T01:00:00+02:00') < at('2026-01-01T00:00:00Z')).toBe(true);
  });

  it('follows the sequence against the time', () => {
    expect(at('2026-01-02T00:00:00Z', 'a', '0001') < at('2026-01-01T00:00:00Z', 'a', '0002')).toBe(true);
  });

  it('places any sequence after any time', () => {
    expect(at('9999-12-31T23:59:59Z') < at('0000-01-01T00:00:00Z', 'a', '!')).toBe(true);
  });

  it('places a sequence before one that it begins', () => {
    expect(at('2026-01-01T00:00:00Z', 'z', '01') < at('2026-01-01T00:00:00Z', 'a', '010')).toBe(true);
  });

  it('breaks ties by the id', () => {
    expect(at('2026-01-01T00:00:00Z', 'a') < at('2026-01-01T00:00:00Z', 'b')).toBe(true);
    expect(at('2026-01-01T00:00:00Z', 'b', '1') < at('2026-01-01T00:00:00Z', 'c', '1')).toBe(true);
  });

  const events = fc.record(
    {
      id: fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }),
      time: fc
        .constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.1Z', '2025-06-01T00:00:00Z')
        .map(time),
      sequence: fc.stringMatching(/^[!-~]{1,3}$/),
    },
    { requiredKeys: ['id', 'time'] },
  );
  type OrderedEvent = { id: string; time: string; sequence?: string };
  const compare = (left: OrderedEvent, right: OrderedEvent): number => {
    const parts = ({ id, time: instant, sequence }: OrderedEvent): string[] =>
      sequence === undefined ? ['0', instant, id] : ['1', sequence, id];
    const others = parts(right);
    for (const [index, part] of parts(left).entries()) {
      const other = others[index] ?? '';
      if (part !== other) return part < other ? -1 : 1;
    }
    return 0;
  };

  it('is total: any two events are one before the other, and equal only when they are the same', () => {
    fc.assert(
      fc.property(events, events, (left, right) => {
        const [first, second] = [eventOrder(left), eventOrder(right)];
        expect(first === second ? 0 : first < second ? -1 : 1).toBe(compare(left, right));
      }),
      { numRuns: 1000 },
    );
  });
});
