import { bindWork, factsOf, nameWork } from './current-work.ts';
import { endJob } from './end-job.ts';
import { endWhenAllHave } from './end-push.ts';
import { fromTheBeginning, hasEnded, type Job } from './jobs.ts';
import type { PersonalUpload } from './personal-uploads.ts';
import { queueNames } from './queues.ts';
import { jobError } from './reasons.ts';
import { isLaid, resumeJob, waitsForShowpad } from './resume-job.ts';
import { longestDelaySeconds } from './retry-rules.ts';
import { endStuckLeases } from './sweep-leases.ts';
import { isOverdue, mostSweeps, sweepsSince } from './sweep-patience.ts';
import type { Sweep } from './sweep.ts';

const mostPages = 100;
const mostSentAgain = 500;
const mostRecipients = 50;
const acceptanceMs = 86_400_000;

interface Patience {
  /** How long a message can be away at most. */
  readonly absenceMs: number;
  /** When messages were last handed out again after a pause: nothing could change before. */
  readonly pauseEndedAt: string;
}

/** Open jobs that nobody works on: those without a message get one, and those that cannot go on fail and say why. */
export async function sweepJobs(sweep: Sweep): Promise<void> {
  const { services, progress } = sweep;
  const settings = await Promise.all(queueNames.map((name) => services.queues.settings(name)));
  // A message is away while its invocation runs or has died, or while it is put off.
  const hiddenSeconds = Math.max(...settings.map(({ visibilitySeconds }) => visibilitySeconds));
  const absenceMs = (hiddenSeconds + longestDelaySeconds) * 1_000;
  const patience = { absenceMs, pauseEndedAt: (await services.deliveryPause.note()) ?? '' };
  let after = progress.jobs ?? null;
  let sentAgain = 0;
  for (let pages = 0; pages === 0 || after !== null; pages += 1) {
    progress.jobs = after;
    if (sweep.isTimeUp() || pages >= mostPages || sentAgain >= mostSentAgain) return;
    const page = await services.openJobs.page(new Date(Date.now() - absenceMs), after);
    for (const id of page.ids) {
      await bindWork({ about: { jobId: id } }, async () => {
        try {
          if (await lookAfter(sweep, id, patience)) sentAgain += 1;
        } catch (error) {
          sweep.failed(error, { jobId: id });
        }
      });
    }
    after = page.next;
  }
  progress.jobs = undefined;
}

/** @returns whether a message was sent */
async function lookAfter(sweep: Sweep, id: string, patience: Patience): Promise<boolean> {
  const { services } = sweep;
  const job = await services.jobs.get(id);
  if (job === null || hasEnded(job)) return false;
  nameWork(factsOf(job));
  await endStuckLeases(sweep, job);
  if (!(await isLaid(services, job))) {
    if (Date.now() - Date.parse(job.createdAt) > acceptanceMs) await refuse(sweep, job);
    return false;
  }
  if (job.type === 'myfiles.upload') return lookAfterPush(sweep, job, patience);
  const changedAt = later(job.updatedAt, patience.pauseEndedAt);
  if (!isOverdue(changedAt, job.sweeps, patience.absenceMs, new Date())) return false;
  if (services.deliveryPause.isOn && (await waitsForShowpad(services, job))) return false;
  return remind(sweep, job, changedAt, () => resumeJob(services, job));
}

/** The later of two times; an empty one is before all others. */
function later(one: string, other: string): string {
  return one > other ? one : other;
}

/** The event's sender was told that it could not be stored, and has not come back for a day. */
async function refuse({ services, swept }: Sweep, job: Job): Promise<void> {
  const error = jobError('NOT_ACCEPTED', 'The event was received, but could not be stored whole.');
  if (!(await endJob(services, job, { state: 'failed', error }, job.updatedAt))) return;
  swept('NotAccepted', { jobId: job.id });
  // Its sender may have come back at this very moment.
  if (!(await isLaid(services, job))) return;
  if (await services.jobs.advance(job.id, 'received', fromTheBeginning())) await resumeJob(services, job);
}

/** Looks after each recipient for itself: they change without their job. */
async function lookAfterPush(
  sweep: Sweep,
  job: Job,
  { absenceMs, pauseEndedAt }: Patience,
): Promise<boolean> {
  const { services } = sweep;
  const [push, uploads] = await Promise.all([
    services.personalUploads.getPush(job.id),
    services.personalUploads.list(job.id),
  ]);
  if (push === null) return false;
  const now = new Date();
  const jobChangedAt = later(job.updatedAt, pauseEndedAt);
  const changedAt = ({ updatedAt = '' }: PersonalUpload): string => later(updatedAt, jobChangedAt);
  const newest = uploads.map(changedAt).reduce(later, jobChangedAt);
  const open = uploads.filter(({ state }) => state !== 'done' && state !== 'failed');
  const isWithShowpad = push.staged !== undefined && uploads.length === push.recipients.length;
  if (isWithShowpad && services.deliveryPause.isOn) return false;
  if (!isWithShowpad || open.length === 0) {
    if (!isOverdue(newest, job.sweeps, absenceMs, now)) return false;
    return remind(sweep, job, newest, () => resumeJob(services, job));
  }
  const lost = open.filter((upload) => isOverdue(changedAt(upload), job.sweeps, absenceMs, now));
  const [first] = lost;
  if (first === undefined) return false;
  if (lost.length > mostRecipients)
    return remind(sweep, job, changedAt(first), () => resumeJob(services, job));
  const giveUp = async (): Promise<void> => {
    const error = noProgress();
    for (const upload of lost) {
      const isFailed = await services.personalUploads.advance(job.id, upload.index, {
        state: 'failed',
        error,
      });
      if (isFailed) await services.telemetry.recipientFailed(job, upload, error);
    }
    await endWhenAllHave(services, { job, push });
  };
  const send = async (): Promise<void> => {
    for (const { index } of lost) {
      await services.queues.send('personalUpload', job, { attempt: 0, push: index });
    }
  };
  return remind(sweep, job, changedAt(first), send, giveUp);
}

/**
 * Sends again what may be lost, and notes it afterwards: to send twice does no harm, to note without sending does.
 * A job that has been reminded often enough fails.
 */
async function remind(
  { services, swept }: Sweep,
  job: Job,
  changedAt: string,
  send: () => Promise<unknown>,
  giveUp: () => Promise<void> = () => failForGood(services, job),
): Promise<boolean> {
  const count = sweepsSince(changedAt, job.sweeps);
  if (count >= mostSweeps) {
    await giveUp();
    swept('NoProgress', { jobId: job.id, state: job.state });
    return false;
  }
  await send();
  await services.openJobs.noteSweep(job.id, count + 1);
  swept('MessageSentAgain', { jobId: job.id, state: job.state, time: count + 1, unchangedSince: changedAt });
  return true;
}

async function failForGood(services: Sweep['services'], job: Job): Promise<void> {
  await endJob(services, job, { state: 'failed', error: noProgress() }, job.updatedAt);
}

function noProgress() {
  const message = `Nothing has come of this for more than ten days, although its message was sent again ${mostSweeps} times.`;
  return jobError('NO_PROGRESS', message);
}
