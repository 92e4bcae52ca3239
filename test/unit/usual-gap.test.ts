import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedSilenceMs, hear, usualGapMs, type Rhythm } from '../../lib/usual-gap.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const week = 7 * day;
const monday = Date.UTC(2026, 0, 5);

const learn = (times: readonly number[]): Rhythm =>
  times.reduce<Rhythm | undefined>(hear, undefined) ?? hear(undefined, 0);

/** When somebody who looks every five minutes would say that the source is silent, once for each silence. */
function silences(times: readonly number[], untilMs: number): number[] {
  const told: number[] = [];
  let rhythm: Rhythm | undefined;
  for (const [index, atMs] of times.entries()) {
    rhythm = hear(rhythm, atMs);
    const nextMs = times[index + 1] ?? untilMs;
    for (let nowMs = atMs + 5 * minute; nowMs < nextMs; nowMs += 5 * minute) {
      const allowedMs = allowedSilenceMs(rhythm, nowMs);
      if (allowedMs === null || nowMs - atMs <= allowedMs) continue;
      told.push(nowMs);
      break;
    }
  }
  return told;
}

/** Events all `everyMs`, from one hour to another of some days of the week, for some weeks. */
function working(
  weeks: number,
  days: readonly number[],
  fromHour: number,
  toHour: number,
  everyMs = hour,
): number[] {
  const times: number[] = [];
  for (let index = 0; index < weeks; index += 1) {
    for (const weekday of days) {
      const start = monday + index * week + weekday * day;
      for (let atMs = start + fromHour * hour; atMs <= start + toHour * hour; atMs += everyMs)
        times.push(atMs);
    }
  }
  return times;
}
const workdays = [0, 1, 2, 3, 4];

describe('a source that works in office hours', () => {
  it('never rings at a weekend or at night', () => {
    const times = working(8, workdays, 9, 17, 20 * minute);
    expect(silences(times, times.at(-1) ?? 0)).toEqual([]);
  });

  it('does not ring over a long weekend, not even at Easter', () => {
    const times = working(8, workdays, 9, 17);
    const easter = [monday + 4 * week + 4 * day, monday + 5 * week];
    const left = times.filter((atMs) => !easter.some((holiday) => atMs >= holiday && atMs < holiday + day));
    expect(silences(left, left.at(-1) ?? 0)).toEqual([]);
  });

  it('rings once when it falls silent, twice as long as its weekends are', () => {
    const times = working(5, workdays, 9, 17);
    const last = times.at(-1) ?? 0;
    const told = silences(times, last + 3 * week);
    expect(told).toEqual([last + 2 * 64 * hour + 5 * minute]);
  });
});

describe('a source that sends all the time', () => {
  it('rings when it has been silent for an hour', () => {
    const times = working(2, [0, 1, 2, 3, 4, 5, 6], 0, 24, minute);
    const last = times.at(-1) ?? 0;
    expect(silences(times, last + day)).toEqual([last + hour + 5 * minute]);
  });

  it('rings again at the next outage, as the one before was not taken for usual', () => {
    const times = working(4, [0, 1, 2, 3, 4, 5, 6], 0, 24, 10 * minute);
    const outages = [monday + 2 * week, monday + 3 * week];
    const left = times.filter((atMs) => !outages.some((from) => atMs >= from && atMs < from + 8 * hour));
    expect(silences(left, left.at(-1) ?? 0)).toHaveLength(2);
  });

  it('is believed after a few silences when it has become slower', () => {
    const fast = working(2, [0, 1, 2, 3, 4, 5, 6], 0, 24, minute);
    const slow = Array.from({ length: 60 }, (_none, index) => (fast.at(-1) ?? 0) + (index + 1) * 12 * hour);
    const told = silences([...fast, ...slow], slow.at(-1) ?? 0);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(Math.ceil(Math.log2(12)));
  });
});

describe('nothing is said', () => {
  it('in the first week, nor of a source that was only tried out', () => {
    const times = working(1, [0], 9, 17, minute);
    expect(silences(times, monday + 20 * week)).toEqual([]);
  });

  it('of a source that sends once a month, and no more of one that has been silent for long', () => {
    const monthly = Array.from({ length: 12 }, (_none, index) => monday + index * 30 * day);
    expect(silences(monthly, monday + 13 * 30 * day)).toEqual([]);
    const rhythm = learn(working(3, workdays, 9, 17));
    expect(allowedSilenceMs(rhythm, rhythm.lastAtMs + 6 * week)).toBeNull();
  });
});

it('a source that comes back after months is learned anew', () => {
  const before = working(3, workdays, 9, 17);
  const back = (before.at(-1) ?? 0) + 10 * week;
  expect(hear(learn(before), back)).toEqual(learn([back]));
});

describe('whatever a source does', () => {
  const someTimes = fc
    .array(fc.integer({ min: 0, max: 30 * day }), { minLength: 1, maxLength: 60 })
    .map((gaps) => gaps.reduce<number[]>((times, gap) => [...times, (times.at(-1) ?? monday) + gap], []));

  it('hearing events again, or old ones late, changes nothing', () => {
    fc.assert(
      fc.property(someTimes, fc.array(fc.nat()), (times, places) => {
        const rhythm = learn(times);
        const late = places.map((place) => times[place % times.length] ?? monday);
        expect(late.reduce<Rhythm>(hear, rhythm)).toEqual(rhythm);
      }),
    );
  });

  it('what is kept of it stays small', () => {
    fc.assert(
      fc.property(someTimes, (times) => {
        expect(Object.keys(learn(times).longestGapsMs).length).toBeLessThanOrEqual(5);
      }),
    );
  });

  it('it may always be silent for an hour, and for twice as long as it ever was within its four weeks', () => {
    fc.assert(
      fc.property(someTimes, fc.integer({ min: 0, max: 60 * day }), (times, laterMs) => {
        const rhythm = learn(times);
        const nowMs = rhythm.lastAtMs + laterMs;
        const allowedMs = allowedSilenceMs(rhythm, nowMs);
        const usualMs = usualGapMs(rhythm, nowMs);
        expect(allowedMs === null).toBe(usualMs === null);
        if (allowedMs !== null) expect(allowedMs).toBe(Math.max(hour, 2 * (usualMs ?? 0)));
      }),
    );
  });

  // Every week like the others, give or take a little: what a timetable, a build job or an office makes.
  it('it never rings while it keeps to its week, however irregular that is', () => {
    const weekly = fc.tuple(
      fc.uniqueArray(fc.integer({ min: 0, max: 7 * 24 * 4 - 1 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 50 }),
    );
    fc.assert(
      fc.property(weekly, ([quarters, delays]) => {
        const inOrder = quarters.toSorted((one, other) => one - other);
        const times = Array.from({ length: 6 }, (_none, index) =>
          inOrder.map((at) => index * week + at * 15 * minute),
        )
          .flat()
          .map((atMs, index) => monday + atMs + (delays[index % delays.length] ?? 0) * minute)
          .toSorted((one, other) => one - other);
        expect(silences(times, times.at(-1) ?? 0)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('when it stops after some weeks it rings exactly once, after twice its longest gap', () => {
    const steady = fc.integer({ min: 5, max: 40 * 60 });
    fc.assert(
      fc.property(steady, (everyMinutes) => {
        const count = Math.ceil((3 * week) / (everyMinutes * minute));
        const times = Array.from({ length: count }, (_none, index) => monday + index * everyMinutes * minute);
        const last = times.at(-1) ?? 0;
        const [toldMs = 0, ...others] = silences(times, last + 6 * week);
        expect(others).toEqual([]);
        const allowedMs = Math.max(hour, 2 * everyMinutes * minute);
        expect(toldMs - last).toBeGreaterThan(allowedMs);
        expect(toldMs - last).toBeLessThanOrEqual(allowedMs + 5 * minute);
      }),
      { numRuns: 50 },
    );
  });
});
