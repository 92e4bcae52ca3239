import type { Job } from './jobs.ts';
import type { PersonalUpload } from './personal-uploads.ts';
import type { ReasonCode } from './reasons.ts';
import type { Services } from './services.ts';

// These say that a message was missing, and nothing about what it asks for: when it is there, the job goes on.
const missingMessage: ReadonlySet<ReasonCode> = new Set(['NOT_ACCEPTED', 'NO_PROGRESS']);

/**
 * Brings a job back that failed only for want of its message, which has come now: redriven by a person, or late. Any
 * other job is given back as it is.
 * @param sentAtMs when the message was sent: one that is older than the dead letter is none that a person sent again
 */
export async function reviveJob(services: Services, job: Job, sentAtMs: number): Promise<Job> {
  const code = job.state === 'failed' ? job.error?.code : undefined;
  if (code === undefined) return job;
  const isRedriven = code === 'DEAD_LETTER' && isNewEnough(job.deadLetter, sentAtMs);
  if (!isRedriven && !missingMessage.has(code)) return job;
  return reopen(services, job, sentAtMs);
}

/** Does so for one recipient of a push, and for the push where it has failed meanwhile. */
export async function reviveRecipient(
  services: Services,
  job: Job,
  upload: PersonalUpload,
  sentAtMs: number,
): Promise<Job> {
  const code = upload.state === 'failed' ? upload.error?.code : undefined;
  if (code === undefined) return job;
  const isRedriven = code === 'DEAD_LETTER' && isNewEnough(upload.deadLetter, sentAtMs);
  if (!isRedriven && !missingMessage.has(code)) return job;
  // The job first: should this end here, the message finds the recipient as it was.
  const isOpen = job.state !== 'failed';
  const reopened = isOpen ? job : await reopen(services, job, sentAtMs);
  await services.jobs.advance(job.id, upload.ticketId === null ? 'uploading' : 'processing');
  await services.personalUploads.revive(
    job.id,
    upload,
    new Date(Number.isFinite(sentAtMs) ? sentAtMs : Date.now()),
  );
  return reopened;
}

function isNewEnough(letter: Job['deadLetter'], sentAtMs: number): boolean {
  return letter === undefined || letter === null || sentAtMs >= Date.parse(letter.sentAt);
}

async function reopen({ jobs, telemetry }: Services, job: Job, sentAtMs: number): Promise<Job> {
  const sentAt = new Date(Number.isFinite(sentAtMs) ? sentAtMs : Date.now()).toISOString();
  // Deadlines count from then on, and letters from before say nothing any more.
  const retriedAt = job.retriedAt !== undefined && job.retriedAt > sentAt ? job.retriedAt : sentAt;
  const changes = { attempts: 0, error: null, retriedAt, deadLetter: null };
  if (await jobs.advance(job.id, 'received', changes)) await telemetry.jobRevived(job);
  return (await jobs.get(job.id)) ?? job;
}
