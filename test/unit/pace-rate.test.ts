import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  comeBackSeconds,
  handful,
  pauseMs,
  requestsPerSecond,
  revealedCeiling,
} from '../../lib/pace-rate.ts';

const bounds = { least: 1, most: 50 };
const rate = (ceiling: number | null, seconds: number) =>
  requestsPerSecond({ ceiling, busyMs: seconds * 1_000 }, bounds);

describe('the rate', () => {
  test('starts with a fifth of the most, and doubles every second that there is a line', () => {
    expect([0, 1, 2, 3, 1_000_000].map((seconds) => rate(null, seconds))).toEqual([10, 20, 40, 50, 50]);
  });

  test('is halved by a 429, soon most of what it was, and then for long just below it', () => {
    expect(rate(20, 0)).toBe(10);
    expect(rate(20, 3)).toBeGreaterThan(18);
    for (const seconds of [5, 15, 30, 45]) {
      expect(rate(20, seconds)).toBeGreaterThan(18);
      expect(rate(20, seconds)).toBeLessThan(20);
    }
  });

  test('feels for what lies beyond the ceiling, carefully, and finds a limit that was raised', () => {
    expect(rate(20, 60)).toBeGreaterThan(20);
    expect(rate(20, 60)).toBeLessThan(22);
    expect(rate(20, 100)).toBeGreaterThan(30);
    expect(rate(20, 3_600)).toBe(50);
  });

  test('only ever grows while requests stand in line, and stays within its bounds', () => {
    const ceilings = fc.option(fc.double({ min: 0.1, max: 1_000, noNaN: true }));
    const times = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(ceilings, times, times, (ceiling, one, other) => {
        const [earlier, later] = [rate(ceiling, Math.min(one, other)), rate(ceiling, Math.max(one, other))];
        expect(earlier).toBeLessThanOrEqual(later + 1e-9);
        expect(earlier).toBeGreaterThanOrEqual(bounds.least);
        expect(later).toBeLessThanOrEqual(bounds.most);
      }),
    );
  });

  test('never falls below the least, and goes on after any number of 429s', () => {
    let ceiling: number | null = null;
    for (let throttles = 0; throttles < 100; throttles += 1) {
      ceiling = revealedCeiling({ ceiling, busyMs: 0 }, { least: 7, most: 50 });
      expect(requestsPerSecond({ ceiling, busyMs: 0 }, { least: 7, most: 50 })).toBeGreaterThanOrEqual(7);
    }
    expect(ceiling).toBe(7);
  });
});

describe('the ceiling that a 429 reveals', () => {
  test('is what was sent in the second before it', () => {
    // From 20 to 40 in that second, by doubling.
    expect(revealedCeiling({ ceiling: null, busyMs: 2_000 }, bounds)).toBeCloseTo(20 / Math.LN2, 1);
    expect(revealedCeiling({ ceiling: 20, busyMs: 50_000 }, bounds)).toBeCloseTo(rate(20, 49.5), 1);
  });

  test('counts nothing before the line began, but falls by less than a third', () => {
    expect(revealedCeiling({ ceiling: 20, busyMs: 700 }, bounds)).toBeLessThan(rate(20, 0.7) * 0.71);
    expect(revealedCeiling({ ceiling: 20, busyMs: 0 }, bounds)).toBeCloseTo(7, 5);
  });
});

describe('the pause after a 429', () => {
  test.each([
    [1, 1],
    [30, 30],
    [900, 900],
    [99_999, 900],
    [0, 1],
  ])('is as long as Showpad says, %d s, within bounds', (said, seconds) => {
    expect(pauseMs(said, 5, () => 0)).toBe(seconds * 1_000);
  });

  test('grows with the 429s in a row when Showpad does not say, with full jitter, up to a minute', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 100].map((throttles) => pauseMs(null, throttles, () => 1))).toEqual(
      [2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000),
    );
    expect(pauseMs(null, 4, () => 0.5)).toBe(16_000);
    expect(pauseMs(null, 4, () => 0)).toBe(1_000);
  });
});

test('a claim takes a handful only where it is a small part of a second', () => {
  expect([1, 3, 10, 20, 50, 500].map(handful)).toEqual([1, 1, 3, 5, 5, 5]);
});

describe('who finds the line too long', () => {
  const back = (lineMs: number, perSecond: number, urgency: 'normal' | 'low', chance: number) =>
    comeBackSeconds({ lineMs, rate: perSecond, urgency }, () => chance);

  test('comes back when it has moved on, and not with all the others', () => {
    expect(back(3_000, 50, 'normal', 0)).toBe(3);
    expect(back(3_000, 50, 'normal', 1)).toBe(5);
    expect(back(900_000, 50, 'normal', 1)).toBe(990);
  });

  test('comes back later where the line is slow, or the matter not urgent', () => {
    expect(back(3_000, 4, 'normal', 1)).toBe(13);
    expect(back(3_000, 50, 'low', 1)).toBe(9);
    expect(back(0, 0.01, 'normal', 1)).toBe(31);
  });
});
