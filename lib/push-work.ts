import type { Invocation } from './handlers.ts';
import { hasEnded, type Job } from './jobs.ts';
import type { PersonalUpload, Push } from './personal-uploads.ts';
import { removeStaged } from './proceed.ts';
import type { QueueName, StepMessage } from './queues.ts';
import { jobError, type JobError } from './reasons.ts';
import type { Services } from './services.ts';
import { tell, type StepOutcome } from './work.ts';

/** A push into My Files on which this function has something to do. */
export interface PushWork extends Invocation {
  readonly job: Job;
  readonly push: Push;
  readonly attempt: number;
}

/** The part of a push that is one recipient's. */
export interface PersonalWork extends PushWork {
  readonly upload: PersonalUpload;
  readonly email: string;
}

/** The frame of the steps that concern a push as a whole; a failure of such a step fails the job. */
export function pushStep(queue: QueueName, story: (work: PushWork) => Promise<StepOutcome>) {
  return async (message: StepMessage, invocation: Invocation): Promise<void> => {
    const work = await openPush(message, invocation);
    if (work === null) return;
    const { services, job } = work;
    const outcome = await tell(work, () => story(work));
    if (outcome === 'proceed') return;
    if ('againInSeconds' in outcome) await putOff(queue, message, work, outcome);
    else await failPush(services, job, outcome);
  };
}

/** The frame of the steps that concern one recipient of a push; a failure is that recipient's alone. */
export function personalStep(queue: QueueName, story: (work: PersonalWork) => Promise<StepOutcome>) {
  return async (message: StepMessage, invocation: Invocation): Promise<void> => {
    const work = await openPush(message, invocation);
    const email = typeof message.push === 'number' ? work?.push.recipients[message.push] : undefined;
    if (work === null || email === undefined || typeof message.push !== 'number') return;
    const { services, job } = work;
    const upload = await services.personalUploads.open(job.id, message.push);
    // The chain of looks at a ticket is one: where a message was doubled, it ends for the one that comes second.
    const isOver = upload.state === 'done' || upload.state === 'failed';
    if (!isOver && !(queue === 'poll' && message.attempt < upload.polls)) {
      const outcome = await tell(work, () => story({ ...work, upload, email }));
      if (typeof outcome === 'object' && 'againInSeconds' in outcome) {
        await putOff(queue, message, work, outcome);
        if (queue === 'poll') {
          await services.personalUploads.advance(job.id, upload.index, { polls: message.attempt + 1 });
        }
        // What was put off cannot have ended anything.
        return;
      }
      if (outcome !== 'proceed') {
        await services.personalUploads.advance(job.id, upload.index, { state: 'failed', error: outcome });
        await services.telemetry.recipientFailed(job, upload.index, outcome);
      }
    }
    await endWhenAllHave(services, work);
  };
}

async function openPush({ jobId, attempt }: StepMessage, invocation: Invocation): Promise<PushWork | null> {
  const { services } = invocation;
  const [job, push] = await Promise.all([services.jobs.get(jobId), services.personalUploads.getPush(jobId)]);
  return job === null || push === null || hasEnded(job) ? null : { ...invocation, job, push, attempt };
}

async function putOff(
  queue: QueueName,
  message: StepMessage,
  { services, job }: PushWork,
  { againInSeconds, why }: Exclude<StepOutcome, 'proceed'>,
): Promise<void> {
  services.telemetry.stepPutOff(job, queue, againInSeconds, why);
  await services.queues.send(queue, job, { ...message, attempt: message.attempt + 1 }, againInSeconds);
}

/** A push is done when it is for every recipient; where one has failed, the job says so once all have ended. */
async function endWhenAllHave(services: Services, { job, push }: PushWork): Promise<void> {
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

async function failPush({ jobs, telemetry }: Services, job: Job, error: JobError): Promise<void> {
  if (await jobs.advance(job.id, 'failed', { error })) await telemetry.jobFailed(job, error);
}
