import { describe, expect, test } from 'vitest';
import { exhaustedMs, judgeBudget } from '../../lib/showpad-budget.ts';

const budget = (limit: number | null, remaining: number | null, resetSeconds: number | null = 86_400) => ({
  limit,
  remaining,
  resetSeconds,
});

describe('the calls of API v3', () => {
  test.each([
    ['enough while as much is left as is to be kept', 5_000, 500, 'enough'],
    ['scarce when less is left', 5_000, 499, 'scarce'],
    ['exhausted when nothing is left', 5_000, 0, 'exhausted'],
    ['unknown when nobody says how many there are', null, 3, null],
    ['unknown when nobody says how many are left', 5_000, null, null],
    ['unknown when there is no limit to keep a share of', 0, 0, null],
  ])('are %s', (_what, limit, remaining, verdict) => {
    expect(judgeBudget(budget(limit, remaining), 10)).toBe(verdict);
  });

  test('are never scarce when no share is to be kept', () => {
    expect(judgeBudget(budget(100, 1), 0)).toBe('enough');
    expect(judgeBudget(budget(100, 0), 0)).toBe('exhausted');
  });
});

test.each([
  ['a short period', 60, 60_000],
  ['a period of a day, which may be over any time', 86_400, 300_000],
  ['nothing', null, 300_000],
  ['nonsense', 0, 1_000],
])('exhausted calls are waited for, when Showpad tells %s', (_what, resetSeconds, lengthMs) => {
  expect(exhaustedMs(budget(100, 0, resetSeconds))).toBe(lengthMs);
});
