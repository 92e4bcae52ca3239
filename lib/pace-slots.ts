import type { PaceState } from './pace-items.ts';
import type { RateKnowledge } from './pace-rate.ts';

/** A slot in the line, and what was known when it was claimed. */
export interface Slot {
  readonly atMs: number;
  readonly episode: number;
  readonly knowledge: RateKnowledge;
}

/**
 * The slots of one claim, first to last.
 * @param claimed the pace after the claim
 * @param claim.isAtOnce the line had run dry: all of them may go now, and the line is longer afterwards
 */
export function slotsOf(
  { nextFreeAtMs, episode, ceiling, busyMs }: PaceState,
  { count, intervalMs, isAtOnce }: { count: number; intervalMs: number; isAtOnce: boolean },
): Slot[] {
  return Array.from({ length: count }, (_, index) => {
    const laterMs = (count - 1 - index) * intervalMs;
    return {
      atMs: nextFreeAtMs - intervalMs * (isAtOnce ? count : count - index),
      episode,
      // When its turn is claimed alone, what comes behind it has not stood in line yet.
      knowledge: { ceiling, busyMs: isAtOnce ? busyMs : Math.max(0, busyMs - laterMs) },
    };
  });
}
