import { beforeEach, describe, expect, test } from 'vitest';
import { ShowpadBudget } from '../../lib/showpad-budget.ts';

let nowMs = 0;
let budget: ShowpadBudget;
beforeEach(() => {
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  budget = new ShowpadBudget(10, () => nowMs);
});
const note = (limit: number | null, remaining: number | null) => {
  budget.note({ limit, remaining, resetSeconds: 86_400 });
};

describe('what waits for calls of API v3', () => {
  test.each<[string, number | null, number | null, number]>([
    ['goes on while as much is left as is to be kept', 5_000, 500, 0],
    ['waits five minutes when less is left', 5_000, 499, 300],
    ['waits when nothing is left', 5_000, 0, 300],
    ['goes on when nobody says how many there are', null, 3, 0],
    ['goes on when nobody says how many are left', 5_000, null, 0],
    ['goes on when there is no limit to keep a share of', 0, 0, 0],
  ])('%s', (_what, limit, remaining, seconds) => {
    note(limit, remaining);
    expect(budget.waitSeconds()).toBe(seconds);
  });

  test('goes on before anything was heard', () => {
    expect(budget.waitSeconds()).toBe(0);
  });

  test('waits for what is left of the five minutes, rounded up', () => {
    note(100, 1);
    nowMs += 299_001;
    expect(budget.waitSeconds()).toBe(1);
    nowMs += 999;
    expect(budget.waitSeconds()).toBe(0);
  });

  test('goes on at once when an answer tells that there are calls again', () => {
    note(100, 1);
    note(100, 100);
    expect(budget.waitSeconds()).toBe(0);
  });

  test('waits on when an answer tells nothing', () => {
    note(100, 1);
    note(null, null);
    expect(budget.waitSeconds()).toBe(300);
  });

  test('never waits when no share is to be kept', () => {
    budget = new ShowpadBudget(0, () => nowMs);
    note(100, 0);
    expect(budget.waitSeconds()).toBe(0);
  });
});
