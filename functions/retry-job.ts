// POST /jobs/{id}/retry → a failed job is tried again from its beginning, an open one gets its message again.
import type { Asset } from '../lib/asset-state.ts';
import { replayPayload } from '../lib/accept-payload.ts';
import { factsOf, nameWork } from '../lib/current-work.ts';
import { httpHandler } from '../lib/handlers.ts';
import { presentJob } from '../lib/job-view.ts';
import { fromTheBeginning, hasEnded, type Job } from '../lib/jobs.ts';
import { nextStep } from '../lib/next-step.ts';
import { unreadableType } from '../lib/parked-payloads.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { resumeJob } from '../lib/resume-job.ts';
import type { Services } from '../lib/services.ts';

export const handler = httpHandler(async ({ path }, { services, remainingMs }) => {
  const job = await services.jobs.get(path['id'] ?? '');
  if (job === null) throw new HttpProblem(404, 'There is no job with this id, or it was too long ago.');
  nameWork(factsOf(job));
  if (job.type === unreadableType && job.state !== 'done') {
    if (!(await replayPayload(job, services))) throw notKept();
  } else if (!hasEnded(job)) {
    if (!(await resumeJob(services, job))) throw notKept();
  } else if (job.state !== 'failed') throw nothingLeft(job);
  else if (job.type === 'myfiles.upload') await retryPush(job, services);
  else await retryAsset(job, services, remainingMs());
  return jsonResponse(202, await view(job, services));
});

async function retryAsset(job: Job, services: Services, remainingMs: number): Promise<void> {
  const { jobs, assets, queues, telemetry } = services;
  const asset = await assets.get(job.key);
  if (asset === null || nextStep(job, asset).kind === 'unlaid') throw notKept();
  // What was refused is asked once more.
  const cleared = await assets.underLease(job.key, remainingMs, async (lease, current) => {
    await assets.record(lease, { refused: withoutRefusalsOf(job, current) });
    return true;
  });
  if (cleared === null)
    throw new HttpProblem(409, 'The asset is being written right now. Try again in a moment.');
  if (await jobs.advance(job.id, 'received', fromTheBeginning())) await telemetry.jobRetried(job);
  await queues.send(job.wishes.includes('content') ? 'stage' : 'metadata', job, { attempt: 0 });
}

/** Recipients that have failed get another turn; what may have arrived is looked for, and never sent again. */
async function retryPush(job: Job, services: Services): Promise<void> {
  const { jobs, personalUploads, telemetry } = services;
  if ((await personalUploads.getPush(job.id)) === null) throw notKept();
  for (const { index, state } of await personalUploads.list(job.id)) {
    if (state === 'failed') await personalUploads.reopen(job.id, index);
  }
  if (await jobs.advance(job.id, 'received', fromTheBeginning())) await telemetry.jobRetried(job);
  await resumeJob(services, job);
}

async function view(job: Job, { jobs, personalUploads }: Services) {
  const current = (await jobs.get(job.id)) ?? job;
  if (job.type !== 'myfiles.upload') return presentJob(current);
  return presentJob(current, await personalUploads.getPush(job.id), await personalUploads.list(job.id));
}

function nothingLeft({ state }: Job): HttpProblem {
  const why = {
    done: 'it is done',
    superseded: 'newer events have overtaken all it asked for',
    ignored: 'its event is of a kind that is ignored',
  };
  const reason = state === 'done' || state === 'superseded' || state === 'ignored' ? why[state] : state;
  return new HttpProblem(409, `There is nothing to try again of this job: ${reason}.`);
}

function notKept(): HttpProblem {
  return new HttpProblem(409, 'The event of this job could not be kept. Let its source send a new one.');
}

function withoutRefusalsOf(job: Job, { applied }: Asset): Asset['applied']['refused'] {
  return Object.fromEntries(Object.entries(applied.refused).filter(([path]) => !job.wishes.includes(path)));
}
