// POST /jobs/{id}/retry → a failed job is tried again from its beginning.
import type { Asset } from '../lib/asset-state.ts';
import { httpHandler } from '../lib/handlers.ts';
import { presentJob } from '../lib/job-view.ts';
import type { Job } from '../lib/jobs.ts';
import { nextStep } from '../lib/next-step.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import type { Services } from '../lib/services.ts';

export const handler = httpHandler(async ({ path }, { services, remainingMs }) => {
  const { jobs, assets, queues, telemetry } = services;
  const job = await jobs.get(path['id'] ?? '');
  if (job === null) throw new HttpProblem(404, 'There is no job with this id, or it was too long ago.');
  // One that is received may still lack its message.
  if (job.state !== 'failed' && job.state !== 'received') {
    throw new HttpProblem(409, `Only a failed job can be tried again; this one is ${job.state}.`);
  }
  if (job.type === 'myfiles.upload') return retryPush(job, services);
  const asset = await assets.get(job.key);
  if (asset === null || nextStep(job, asset).kind === 'unlaid') {
    throw notKept();
  }
  // What was refused is asked once more.
  const cleared = await assets.underLease(job.key, remainingMs(), async (lease, current) => {
    await assets.record(lease, { refused: withoutRefusalsOf(job, current) });
    return true;
  });
  if (cleared === null)
    throw new HttpProblem(409, 'The asset is being written right now. Try again in a moment.');
  const changes = { attempts: 0, error: null, retriedAt: new Date().toISOString() };
  if (await jobs.advance(job.id, 'received', changes)) await telemetry.jobRetried(job);
  await queues.send(job.wishes.includes('content') ? 'stage' : 'metadata', job, { attempt: 0 });
  return jsonResponse(202, presentJob((await jobs.get(job.id)) ?? job));
});

/** Recipients that have failed get another turn; what may have arrived is looked for, and never sent again. */
async function retryPush(job: Job, { jobs, personalUploads, queues, telemetry }: Services) {
  const push = await personalUploads.getPush(job.id);
  if (push === null) throw notKept();
  const changes = { attempts: 0, error: null, retriedAt: new Date().toISOString() };
  if (await jobs.advance(job.id, 'received', changes)) await telemetry.jobRetried(job);
  for (const { index, state } of await personalUploads.list(job.id)) {
    if (state === 'failed') await personalUploads.reopen(job.id, index);
  }
  await queues.send('stage', job, { attempt: 0, push: 'file' });
  const [retried, uploads] = await Promise.all([jobs.get(job.id), personalUploads.list(job.id)]);
  return jsonResponse(202, presentJob(retried ?? job, push, uploads));
}

function notKept(): HttpProblem {
  return new HttpProblem(409, 'The event of this job could not be kept. Let its source send a new one.');
}

function withoutRefusalsOf(job: Job, { applied }: Asset): Asset['applied']['refused'] {
  return Object.fromEntries(Object.entries(applied.refused).filter(([path]) => !job.wishes.includes(path)));
}
