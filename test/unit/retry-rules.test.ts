import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  attemptTimeoutMs,
  awsCalls,
  backoffSeconds,
  hiddenSeconds,
  jitterMs,
  leastToBeginMs,
  farewellMs,
  mostReceives,
  parseRetryAfter,
  showpadCalls,
  sourceRequests,
  sqsDelaySeconds,
} from '../../lib/retry-rules.ts';

const least = () => 0;
const most = () => 1 - Number.EPSILON;

describe('Retry-After', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  it.each([
    ['7', 7],
    [' 7 ', 7],
    ['0', 1],
    ['120', 120],
    ['99999', 900],
    ['9'.repeat(400), 900],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30],
    ['Monday, 23-Nov-26 12:00:30 GMT', 30],
    ['Mon Nov 23 12:00:30 2026', 30],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 1],
    ['Sun Nov  1 12:00:30 2026', 1],
    ['Tue, 24 Nov 2026 12:00:00 GMT', 900],
    ['Mon, 23 Nov 2026 25:61:00 GMT', null],
    ['Mon, 23 Nov 2026', null],
    ['2026-11-23T12:00:30Z', null],
    ['-5', null],
    ['+5', null],
    ['1.5', null],
    ['0x10', null],
    ['5, 10', null],
    ['soon', null],
    ['soon 5', null],
    ['', null],
    [undefined, null],
  ])('%j means %j seconds', (value, seconds) => {
    expect(parseRetryAfter(value, now)).toBe(seconds);
  });
});

describe('in process', () => {
  it('the wait before a repeat is anything below a ceiling that doubles up to its limit', () => {
    const ceilings = (rule: Parameters<typeof jitterMs>[1]) =>
      [0, 1, 2, 3, 4, 9].map((repeat) => Math.ceil(jitterMs(repeat, rule, most)));
    expect(ceilings(showpadCalls)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 20_000]);
    expect(ceilings(sourceRequests)).toEqual([200, 400, 800, 1_600, 2_000, 2_000]);
    expect(jitterMs(9, showpadCalls, least)).toBe(0);
  });

  it('no attempt of a call goes beyond the twenty seconds that all of them have', () => {
    expect(attemptTimeoutMs(0)).toBe(15_000);
    expect(attemptTimeoutMs(5_000)).toBe(15_000);
    expect(attemptTimeoutMs(12_000)).toBe(8_000);
    expect(attemptTimeoutMs(30_000)).toBe(1);
    expect(attemptTimeoutMs(0, 60_000)).toBe(20_000);
    expect(attemptTimeoutMs(0, 50)).toBe(50);
  });

  it('all attempts at a call to AWS together take less than twenty seconds', () => {
    const { maxAttempts, requestHandler } = awsCalls;
    expect(requestHandler.throwOnRequestTimeout).toBe(true);
    expect(requestHandler.connectionTimeout).toBeLessThan(requestHandler.requestTimeout);
    expect(maxAttempts * requestHandler.requestTimeout).toBeLessThan(20_000);
  });
});

describe('a delayed message', () => {
  it('comes after a random part of a time that doubles from a second, and never at once', () => {
    const ceilings = [0, 1, 2, 3, 8, 9, 1_000].map((attempt) => backoffSeconds(attempt, 300, most));
    expect(ceilings).toEqual([1, 2, 4, 8, 256, 300, 300]);
    expect([0, 5, 1_000].map((attempt) => backoffSeconds(attempt, 300, least))).toEqual([1, 1, 1]);
  });

  it('is not put off for longer than its sender allows, or SQS can', () => {
    expect(backoffSeconds(20, 30, most)).toBe(30);
    expect(backoffSeconds(20, 5_000, most)).toBe(900);
    expect([-3, 0, 0.2, 12.5, 900, 86_400].map(sqsDelaySeconds)).toEqual([0, 0, 1, 13, 900, 900]);
  });
});

describe('a message that failed', () => {
  it('stays hidden longer with each receive, for half the time at least', () => {
    const receives = [0, 1, 2, 3, 4, 7, 8, 99];
    expect(receives.map((count) => hiddenSeconds(count, most))).toEqual([10, 10, 20, 40, 80, 640, 900, 900]);
    expect(receives.map((count) => hiddenSeconds(count, least))).toEqual([5, 5, 10, 20, 40, 320, 450, 450]);
  });

  it('is a dead letter after as many receives as the template says', () => {
    const template = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
    const counts = [...template.matchAll(/maxReceiveCount: (\d+)/g)].map(([, count]) => Number(count));
    expect(counts.length).toBeGreaterThanOrEqual(5);
    expect(new Set(counts)).toEqual(new Set([mostReceives]));
  });
});

it('an invocation begins nothing that it would have to end at once', () => {
  expect(leastToBeginMs).toBeGreaterThan(farewellMs);
});
