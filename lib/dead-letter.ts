import { factsOf, nameWork } from './current-work.ts';
import { endJob } from './end-job.ts';
import { endWhenAllHave } from './end-push.ts';
import { hasEnded, type Job } from './jobs.ts';
import type { PersonalUpload } from './personal-uploads.ts';
import { consumers, readStepMessage, type QueueName } from './queues.ts';
import { jobError, type JobError } from './reasons.ts';
import type { Services } from './services.ts';

/** A message that its function could not handle, however often it was received. */
export interface Letter {
  readonly queue: QueueName;
  readonly messageId: string;
  readonly sentAtMs: number;
  readonly attempts: number;
  readonly body: string;
}

/**
 * What a dead letter means: its job, or recipient, has now failed by it (marked) or had before (known); it says
 * nothing any more (obsolete); or it names no job of ours (foreign).
 */
export type LetterMeaning = 'marked' | 'known' | 'obsolete' | 'foreign';

// Two clocks may differ by this much.
const toleranceMs = 2_000;

/** Decides what a dead letter means, and fails the job that has been waiting for it. Safe to repeat. */
export async function settleLetter(services: Services, letter: Letter): Promise<LetterMeaning> {
  const message = readStepMessage(letter.body);
  const job = message === undefined ? null : await services.jobs.get(message.jobId);
  if (message === undefined || job === null) return 'foreign';
  nameWork(factsOf(job));
  if (typeof message.push === 'number') return settleRecipient(services, letter, job, message.push);
  if (job.state === 'failed' && job.error?.code === 'DEAD_LETTER') {
    // It may have failed by a later message.
    return isOvertaken(letter, job.retriedAt, null) ? 'obsolete' : 'known';
  }
  if (hasEnded(job) || isOvertaken(letter, job.retriedAt, job.deadLetter)) return 'obsolete';
  const error = errorOf(letter, job);
  const end = { state: 'failed', error, deadLetter: referenceTo(letter) } as const;
  // A job that goes on at this very moment is judged another time.
  return (await endJob(services, job, end, job.updatedAt)) ? 'marked' : 'known';
}

async function settleRecipient(
  services: Services,
  letter: Letter,
  job: Job,
  place: number,
): Promise<LetterMeaning> {
  const { personalUploads, telemetry } = services;
  const [push, uploads] = await Promise.all([personalUploads.getPush(job.id), personalUploads.list(job.id)]);
  const upload = uploads.find(({ index }) => index === place);
  if (push === null || upload === undefined) return 'foreign';
  if (upload.state === 'done' || (upload.state === 'failed' && upload.error?.code !== 'DEAD_LETTER')) {
    return 'obsolete';
  }
  if (isOvertaken(letter, upload.reopenedAt, isOpen(upload) ? upload.deadLetter : undefined))
    return 'obsolete';
  const error = errorOf(letter, job, place);
  const isMarked =
    isOpen(upload) &&
    (await personalUploads.advance(job.id, place, {
      state: 'failed',
      error,
      deadLetter: referenceTo(letter),
    }));
  if (isMarked) await telemetry.recipientFailed(job, upload, error);
  if (!hasEnded(job)) await endWhenAllHave(services, { job, push });
  return isMarked ? 'marked' : 'known';
}

function isOpen({ state }: PersonalUpload): boolean {
  return state !== 'done' && state !== 'failed';
}

/** Whether somebody has had the job tried again since, with a message of its own. */
function isOvertaken(letter: Letter, triedAgainAt: string | undefined, counted: Job['deadLetter']): boolean {
  if (counted?.messageId === letter.messageId) return true;
  return triedAgainAt !== undefined && Date.parse(triedAgainAt) > letter.sentAtMs + toleranceMs;
}

function referenceTo({ messageId, sentAtMs }: Letter): NonNullable<Job['deadLetter']> {
  return { messageId, sentAt: new Date(sentAtMs).toISOString() };
}

function errorOf({ queue, attempts }: Letter, { lastFault }: Job, recipient?: number): JobError {
  const who = consumers[queue];
  const isItsFault = lastFault?.function === who && lastFault.recipient === recipient;
  const last = isItsFault
    ? `The last error was ${lastFault.name}: ${lastFault.message}`
    : 'It left no error: it ran out of time or memory, or its log says more';
  const what = recipient === undefined ? 'this job' : `recipient ${recipient + 1}`;
  return jobError('DEAD_LETTER', `${who} could not do its part for ${what} in ${attempts} attempts. ${last}`);
}
