// GET /jobs/{id} → one job.
import { factsOf, nameWork } from '../lib/current-work.ts';
import { httpHandler } from '../lib/handlers.ts';
import { presentJob } from '../lib/job-view.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';

export const handler = httpHandler(async ({ path }, { services }) => {
  const job = await services.jobs.get(path['id'] ?? '');
  if (job === null) throw new HttpProblem(404, 'There is no job with this id, or it was too long ago.');
  nameWork(factsOf(job));
  if (job.type !== 'myfiles.upload') return jsonResponse(200, presentJob(job));
  const { personalUploads } = services;
  return jsonResponse(
    200,
    presentJob(job, await personalUploads.getPush(job.id), await personalUploads.list(job.id)),
  );
});
