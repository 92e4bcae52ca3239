import type { Budget } from './showpad/budget.ts';

/** What the calls that are left mean: go on, hold back what can wait, or send nothing. */
export type Verdict = 'enough' | 'scarce' | 'exhausted';

/** For how long a verdict holds when nothing newer is heard. */
export const verdictMs = 300_000;

/**
 * Judges what API v3 says of the calls it still allows; null when it does not say enough.
 * @param reservePercent the share of the calls that is to be left, of a hundred
 */
export function judgeBudget({ limit, remaining }: Budget, reservePercent: number): Verdict | null {
  if (limit === null || remaining === null || limit <= 0) return null;
  if (remaining === 0) return 'exhausted';
  return remaining * 100 < limit * reservePercent ? 'scarce' : 'enough';
}

/**
 * How long there is no use in asking once the calls are exhausted. The time that Showpad tells may be the length of
 * its period or what is left of it, so it is only believed when it is short.
 */
export function exhaustedMs({ resetSeconds }: Budget): number {
  return Math.min(verdictMs, Math.max(1, resetSeconds ?? Infinity) * 1_000);
}
