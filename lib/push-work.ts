import { factsOf, nameWork } from './current-work.ts';
import { endWhenAllHave, failPush } from './end-push.ts';
import type { MessageInvocation } from './handlers.ts';
import { hasEnded, type Job } from './jobs.ts';
import type { PersonalUpload, Push } from './personal-uploads.ts';
import type { QueueName, StepMessage } from './queues.ts';
import { reviveJob, reviveRecipient } from './revive-job.ts';
import { nextAttempt, tell, type StepOutcome } from './work.ts';

/** A push into My Files on which this function has something to do. */
export interface PushWork extends MessageInvocation {
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
  return async (message: StepMessage, invocation: MessageInvocation): Promise<void> => {
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
  return async (message: StepMessage, invocation: MessageInvocation): Promise<void> => {
    const work = await openPush(message, invocation);
    const email = typeof message.push === 'number' ? work?.push.recipients[message.push] : undefined;
    if (work === null || email === undefined || typeof message.push !== 'number') return;
    const { services, job } = work;
    const found = await services.personalUploads.open(job.id, message.push);
    await reviveRecipient(services, job, found, invocation.sentAtMs);
    const upload =
      found.state === 'failed' ? await services.personalUploads.open(job.id, message.push) : found;
    // The chain of looks at a ticket is one: where a message was doubled, it ends for the one that comes second.
    nameWork({ recipient: upload.index, ticketId: upload.ticketId ?? undefined });
    const isOver = upload.state === 'done' || upload.state === 'failed';
    if (!isOver && !(queue === 'poll' && message.attempt < upload.polls)) {
      const outcome = await tell(work, () => story({ ...work, upload, email }));
      if (typeof outcome === 'object' && 'againInSeconds' in outcome) {
        await putOff(queue, message, work, outcome);
        const changes = queue === 'poll' ? { polls: nextAttempt(message.attempt, outcome) } : {};
        await services.personalUploads.advance(job.id, upload.index, changes);
        // What was put off cannot have ended anything.
        return;
      }
      if (outcome !== 'proceed') {
        await services.personalUploads.advance(job.id, upload.index, { state: 'failed', error: outcome });
        await services.telemetry.recipientFailed(job, upload, outcome);
      }
    }
    await endWhenAllHave(services, work);
  };
}

async function openPush(message: StepMessage, invocation: MessageInvocation): Promise<PushWork | null> {
  const { jobId, attempt } = message;
  const { services } = invocation;
  const [job, push] = await Promise.all([services.jobs.get(jobId), services.personalUploads.getPush(jobId)]);
  if (job !== null) nameWork(factsOf(job));
  if (job === null || push === null) return null;
  const current = hasEnded(job) ? await revive(message, job, invocation) : job;
  return hasEnded(current) ? null : { ...invocation, job: current, push, attempt };
}

async function revive(
  { push }: StepMessage,
  job: Job,
  { services, sentAtMs }: MessageInvocation,
): Promise<Job> {
  const revived = await reviveJob(services, job, sentAtMs);
  if (typeof push !== 'number') return revived;
  const upload = (await services.personalUploads.list(job.id)).find(({ index }) => index === push);
  return upload === undefined ? revived : reviveRecipient(services, revived, upload, sentAtMs);
}

async function putOff(
  queue: QueueName,
  message: StepMessage,
  { services, job }: PushWork,
  outcome: Exclude<StepOutcome, 'proceed'>,
): Promise<void> {
  const { againInSeconds, why, isPoll } = outcome;
  services.telemetry.stepPutOff(job, queue, againInSeconds, why, isPoll);
  const attempt = nextAttempt(message.attempt, outcome);
  await services.queues.send(queue, job, { ...message, attempt }, againInSeconds);
}
