import { endJob } from './end-job.ts';
import { hasEnded, type Job } from './jobs.ts';
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
  if (failed === 0 && push.staged !== undefined) await removeStaged(services, push.staged);
  const error = jobError('RECIPIENTS_FAILED', `${failed} of ${ended.length} recipients failed.`);
  if (await endJob(services, job, failed === 0 ? { state: 'done' } : { state: 'failed', error })) return;
  // Brought back while its last recipient was served: nobody else would end it.
  const current = await services.jobs.get(job.id);
  if (current === null || hasEnded(current) || current.reopening === job.reopening) return;
  await endWhenAllHave(services, { job: current, push });
}

export async function failPush(services: Services, job: Job, error: JobError): Promise<void> {
  await endJob(services, job, { state: 'failed', error });
}
