import type { EndState, Job, JobChanges } from './jobs.ts';
import type { JobError } from './reasons.ts';
import type { Services } from './services.ts';

/** What a job comes to, and what else is written with it. */
export type JobEnd = Pick<JobChanges, 'showpad' | 'deadLetter'> &
  ({ readonly state: Exclude<EndState, 'failed'> } | { readonly state: 'failed'; readonly error: JobError });

/**
 * Ends a job: the only place where one ends. It is announced first, so that whoever dies in between has promised too
 * much, which is found out, and not too little, which would be lost.
 * @param job as it was read when its end was decided
 * @param unchangedSince the `updatedAt` that the job must still have
 * @returns false when somebody else has ended it, or it was brought back meanwhile
 */
export async function endJob(
  { jobs, queues, telemetry }: Services,
  job: Job,
  { state, ...changes }: JobEnd,
  unchangedSince?: string,
): Promise<boolean> {
  const { reopening } = job;
  await queues.send('outcome', job, { attempt: 0, ...(reopening !== undefined && { reopening }) });
  if (!(await jobs.end(job, state, changes, unchangedSince))) return false;
  const ended = changes.showpad === undefined ? job : { ...job, showpad: changes.showpad };
  if ('error' in changes) await telemetry.jobFailed(ended, changes.error);
  else if (state === 'done') await telemetry.jobDone(ended);
  else await telemetry.jobSuperseded(ended);
  return true;
}
