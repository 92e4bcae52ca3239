import { describe, expect, it } from 'vitest';
import { describeTransfer, fitsInTime, rateOf, sizeClass } from '../../lib/transfer-time.ts';

const mebibyte = 1024 * 1024;
const minuteMs = 60_000;
const gigabytes = (count: number) => count * 1_000_000_000;

describe('a measure', () => {
  const whole = { fileBytes: 10 * mebibyte, movedBytes: 10 * mebibyte, elapsedMs: 2_000, isWhole: true };
  it.each([
    ['a whole file', {}, 5 * mebibyte],
    ['a file that went in no time', { elapsedMs: 0 }, 10_000 * mebibyte],
    ['a small file', { fileBytes: mebibyte - 1 }, null],
    [
      'what was cut off after a while',
      { isWhole: false, movedBytes: mebibyte, elapsedMs: 8_000 },
      mebibyte / 8,
    ],
    ['what was cut off at once', { isWhole: false, elapsedMs: 4_999 }, null],
    ['what was cut off before a byte went', { isWhole: false, movedBytes: 0, elapsedMs: 60_000 }, null],
  ])('of %s', (_what, change, bytesPerSecond) => {
    expect(rateOf({ ...whole, ...change })).toBe(bytesPerSecond);
  });
});

it('sizes that differ by a factor of four speak for each other, others do not', () => {
  const sizes = [1, mebibyte, 4 * mebibyte - 1, 4 * mebibyte, 16 * mebibyte, 1024 * mebibyte, gigabytes(5)];
  expect(sizes.map(sizeClass)).toEqual([0, 0, 0, 1, 2, 5, 6]);
});

describe('a transfer', () => {
  const transfer = {
    bytes: gigabytes(4),
    bytesPerSecond: 5_000_000,
    remainingMs: 15 * minuteMs,
    wholeMs: 15 * minuteMs,
  };
  it.each([
    ['that takes 800 of 900 seconds begins', {}, 'now'],
    ['that takes all but the reserve begins', { bytes: 870 * 5_000_000 }, 'now'],
    ['that takes more than that never begins', { bytes: 870 * 5_000_000 + 1 }, 'never'],
    ['that nothing can be said of but that it stood still never begins', { bytesPerSecond: 0 }, 'never'],
    ['that has 100 seconds left waits for a fresh invocation', { remainingMs: 100_000 }, 'later'],
    [
      'begins when it has nearly all of an invocation',
      { bytes: 869 * 5_000_000, remainingMs: 871_000 },
      'now',
    ],
    ['begins when it is short enough for what is left', { bytes: 5_000_000, remainingMs: 40_000 }, 'now'],
    [
      'that is too slow for any invocation does not wait for one',
      { bytesPerSecond: 1_000, remainingMs: 50_000 },
      'never',
    ],
    [
      'never begins in an invocation that is shorter than the reserve',
      { wholeMs: 17_000, remainingMs: 17_000 },
      'never',
    ],
    [
      'that takes four of twenty seconds begins',
      { bytes: 20_000_000, wholeMs: 20_000, remainingMs: 20_000 },
      'now',
    ],
    [
      'that takes all but the farewell of twenty seconds never begins',
      { bytes: 50_000_000, wholeMs: 20_000, remainingMs: 20_000 },
      'never',
    ],
  ])('%s', (_what, change, verdict) => {
    expect(fitsInTime({ ...transfer, ...change })).toBe(verdict);
  });

  it('that is refused says how large, how fast, how long, and how long at most', () => {
    const told = describeTransfer('sending it', { ...transfer, bytesPerSecond: 4_000_000 });
    for (const number of ['4000000000 bytes', '4000000 bytes per second', '1000 seconds', 'there are 870']) {
      expect(told).toContain(number);
    }
  });
});
