import { describe, expect, it } from 'vitest';
import { isOverdue, mostSweeps, sweepsSince } from '../../lib/sweep-patience.ts';

const hourMs = 3_600_000;
const start = '2026-01-01T00:00:00.000Z';
const after = (hours: number) => new Date(Date.parse(start) + hours * hourMs);
const absenceMs = 1.75 * hourMs;

describe('a job that does not change', () => {
  it('is left alone while its message can still be away', () => {
    expect(isOverdue(start, undefined, absenceMs, after(1.75))).toBe(false);
    expect(isOverdue(start, undefined, absenceMs, after(1.76))).toBe(true);
  });

  it('gets its message a handful of times in ten days, with doubled waits', () => {
    const sentAfter: number[] = [];
    let sweeps: { count: number; at: string } | undefined;
    for (let hours = 0; hours <= 240; hours += 1 / 12) {
      if (!isOverdue(start, sweeps, absenceMs, after(hours))) continue;
      const count = sweepsSince(start, sweeps);
      if (count === mostSweeps) break;
      sentAfter.push(Math.round(hours));
      sweeps = { count: count + 1, at: after(hours).toISOString() };
    }
    expect(sentAfter).toEqual([2, 5, 13, 27, 55, 111, 223]);
    expect(sentAfter).toHaveLength(mostSweeps);
  });

  it('starts anew with every change', () => {
    const sweeps = { count: 5, at: after(1).toISOString() };
    expect(sweepsSince(start, sweeps)).toBe(5);
    expect(sweepsSince(after(2).toISOString(), sweeps)).toBe(0);
    expect(isOverdue(after(2).toISOString(), sweeps, absenceMs, after(4))).toBe(true);
  });
});
