import { LeaseLostError } from './leases.ts';
import type { Asset, Lease } from './asset-state.ts';
import type { MessageInvocation } from './handlers.ts';
import type { Job, OpenState } from './jobs.ts';
import { nextStep } from './next-step.ts';
import { fail, proceed, readOpenJob, stateOfMetadata } from './proceed.ts';
import type { QueuedStep, StepMessage } from './queues.ts';
import { jobError, JobFailure, NotYet, TryAgain, type JobError } from './reasons.ts';
import { backoffSeconds } from './retry-rules.ts';
import { ShowpadError } from './showpad/errors.ts';
import { SourceError } from './source-error.ts';

/** A job whose next step is the one this function does. */
export interface Work extends MessageInvocation {
  readonly job: Job;
  readonly asset: Asset;
  readonly attempt: number;
}

type Trial = Pick<Work, 'services' | 'signal' | 'job' | 'attempt'>;

/** What became of a step: go on to whatever is next, or look again later. */
export type StepOutcome =
  | 'proceed'
  | {
      readonly againInSeconds: number;
      readonly why: string;
      /** False when nothing could be tried: the next attempt has the number of this one. */
      readonly isTry?: boolean;
      /** True when nothing stood in the way, and what was looked at just needs its time. */
      readonly isPoll?: boolean;
    };

/** The number of the attempt after this one. */
export function nextAttempt(attempt: number, { isTry = true }: Exclude<StepOutcome, 'proceed'>): number {
  return isTry ? attempt + 1 : attempt;
}

const stateWhile: Readonly<Record<QueuedStep, (job: Job) => OpenState>> = {
  stage: () => 'staging',
  upload: () => 'uploading',
  poll: () => 'processing',
  metadata: stateOfMetadata,
};

/**
 * The frame of every step: looks whether the job still waits for it, tells its story, and turns what comes out
 * into one of four outcomes: done, not yet (a delayed message), failed with a reason, or an error for SQS.
 */
export function step(kind: QueuedStep, story: (work: Work) => Promise<StepOutcome>) {
  const take = takeStep(kind, story);
  return (message: StepMessage, invocation: MessageInvocation): Promise<void> =>
    invocation.services.timeline.gather(() => take(message, invocation));
}

function takeStep(kind: QueuedStep, story: (work: Work) => Promise<StepOutcome>) {
  return async ({ jobId, attempt }: StepMessage, invocation: MessageInvocation): Promise<void> => {
    const { services } = invocation;
    const open = await readOpenJob(services, jobId, invocation.sentAtMs);
    if (open === null) return;
    const { job, asset } = open;
    // The chain of polls of a job is one: where a message was doubled, it ends for the one that comes second.
    if (kind === 'poll' && job.state === 'processing' && attempt < job.attempts) return;
    if (nextStep(job, asset).kind !== kind) {
      await proceed(services, jobId);
      return;
    }
    const work = { ...invocation, job, asset, attempt };
    const outcome = await tell(work, () => story(work));
    if (outcome === 'proceed') await proceed(services, jobId, { step: kind, attempt });
    else if ('code' in outcome)
      await fail(services, job, (await services.assets.get(job.key)) ?? asset, outcome);
    else {
      const { againInSeconds, why, isPoll } = outcome;
      services.telemetry.stepPutOff(job, kind, againInSeconds, why, isPoll);
      const next = nextAttempt(attempt, outcome);
      await services.queues.send(kind, job, { attempt: next }, againInSeconds);
      await services.jobs.advance(jobId, stateWhile[kind](job), { attempts: next });
    }
  };
}

/** Tells a story, and turns what it throws into an outcome; what is nobody's but ours goes on to SQS. */
export async function tell(trial: Trial, story: () => Promise<StepOutcome>): Promise<StepOutcome | JobError> {
  try {
    return await story();
  } catch (error) {
    const outcome = await outcomeOf(error, trial);
    if (outcome === null) throw error;
    return outcome;
  }
}

/** What an error means for a step; null when it is nobody's but ours, and a matter for SQS. */
async function outcomeOf(error: unknown, work: Trial): Promise<StepOutcome | JobError | null> {
  if (error instanceof JobFailure) return jobError(error.code, error.message);
  if (error instanceof LeaseLostError) return again(work, error.message, null);
  if (error instanceof NotYet) return { ...again(work, error.message, error.afterSeconds), isTry: false };
  if (error instanceof TryAgain) return again(work, error.message, error.afterSeconds);
  // Time is up for this invocation, not for the job.
  if (work.signal.aborted) {
    return (await isOlderThan(work, work.services.config.PROCESSING_DEADLINE_SECONDS))
      ? jobError('SHOWPAD_UNAVAILABLE', 'Every invocation came to its end before the step was done.')
      : again(work, 'the invocation came to its end', null);
  }
  if (error instanceof SourceError) {
    const mayRetry =
      error.retryable && !(await isOlderThan(work, work.services.config.SOURCE_DEADLINE_SECONDS));
    return mayRetry
      ? again(work, error.message, error.retryAfterSeconds)
      : jobError(error.code, error.message);
  }
  if (error instanceof ShowpadError) return showpadOutcome(error, work);
  return null;
}

async function showpadOutcome(error: ShowpadError, work: Trial): Promise<StepOutcome | JobError> {
  // A refused token is nobody's file's fault: it is put right in one place, and then everything goes on.
  if (error.retryable || error.status === 401) {
    return (await isOlderThan(work, work.services.config.PROCESSING_DEADLINE_SECONDS))
      ? jobError('SHOWPAD_UNAVAILABLE', error.message)
      : { ...again(work, error.message, error.retryAfterSeconds), isTry: error.status !== 429 };
  }
  return jobError(error.status === 403 ? 'SHOWPAD_FORBIDDEN' : 'SHOWPAD_REJECTED', error.message);
}

function again(
  { attempt }: Trial,
  why: string,
  afterSeconds: number | null,
): Exclude<StepOutcome, 'proceed'> {
  return { againInSeconds: afterSeconds ?? backoffSeconds(attempt), why };
}

/** Whether a job has been tried for longer than that. */
export function isOlderThan(
  { services, job }: Pick<Work, 'services' | 'job'>,
  seconds: number,
): Promise<boolean> {
  return services.deliveryPause.isOver(job.retriedAt ?? job.createdAt, seconds);
}

/**
 * Runs a story under the lease of the work's asset, on the state as it is then; puts the step off while
 * somebody else writes that asset.
 */
export async function underLease(
  { services, remainingMs, job, attempt }: Work,
  story: (lease: Lease, asset: Asset) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const outcome = await services.assets.underLease(job.key, remainingMs(), story);
  return (
    outcome ?? { againInSeconds: backoffSeconds(attempt, 30), why: 'another invocation writes this asset' }
  );
}
