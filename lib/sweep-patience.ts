import type { Job } from './jobs.ts';

/** How often the message of an unchanged job is sent again: with doubled waits, over more than ten days. */
export const mostSweeps = 7;

/**
 * Whether nothing has changed for longer than a message can be away. Each time that a message is sent again in vain
 * doubles the wait, so that a long backlog does not grow by its own messages; any change starts anew.
 * @param absenceMs how long a message can be away at most
 */
export function isOverdue(changedAt: string, sweeps: Job['sweeps'], absenceMs: number, now: Date): boolean {
  const count = sweepsSince(changedAt, sweeps);
  const since = Date.parse(count > 0 && sweeps !== undefined ? sweeps.at : changedAt);
  return now.getTime() - since > absenceMs * 2 ** count;
}

/** How often the message was sent again since the last change. */
export function sweepsSince(changedAt: string, sweeps: Job['sweeps']): number {
  return sweeps === undefined || Date.parse(sweeps.at) < Date.parse(changedAt) ? 0 : sweeps.count;
}
