import type { Job } from './jobs.ts';
import type { Push } from './personal-uploads.ts';
import { removeStaged } from './proceed.ts';
import { jobError, type JobError } from './reasons.ts';
import type { Services } from './services.ts';

/** A push is done when it is for every recipient; where one has failed, the job says so once all have ended. */
export async function endWhenAllHave(
  services: Services,
  { job, push }: { readonly job: Job; readonly push: Push },
): Promise<void> {
  const uploads = await services.personalUploads.list(job.id);
  const ended = uploads.filter(({ state }) => state === 'done' || state === 'failed');
  if (ended.length < push.recipients.length) return;
  const failed = ended.filter(({ state }) => state === 'failed').length;
  if (failed === 0) {
    if (push.staged !== undefined) await removeStaged(services, push.staged);
    if (await services.jobs.advance(job.id, 'done')) await services.telemetry.jobDone(job);
    return;
  }
  const message = `${failed} of ${ended.length} recipients failed.`;
  await failPush(services, job, jobError('RECIPIENTS_FAILED', message));
}

export async function failPush({ jobs, telemetry }: Services, job: Job, error: JobError): Promise<void> {
  if (await jobs.advance(job.id, 'failed', { error })) await telemetry.jobFailed(job, error);
}
