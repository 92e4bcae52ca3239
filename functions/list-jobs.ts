// GET /jobs → jobs, newest first, by state and source.
import * as z from 'zod';
import { httpHandler } from '../lib/handlers.ts';
import { presentJob } from '../lib/job-view.ts';
import { CursorError } from '../lib/job-cursor.ts';
import { isJobState, jobStates } from '../lib/jobs.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';

const querySchema = z.object({
  state: z
    .string()
    .refine(isJobState, `must be one of ${jobStates.join(', ')}`)
    .optional(),
  source: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().optional(),
});

export const handler = httpHandler(async ({ query }, { services }) => {
  const parsed = querySchema.safeParse(query);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    throw new HttpProblem(400, faults.map(({ field, message }) => `${field}: ${message}`).join('; '), faults);
  }
  try {
    const { items, next } = await services.jobs.list(parsed.data);
    return jsonResponse(200, { items: items.map((job) => presentJob(job)), next });
  } catch (error) {
    if (!(error instanceof CursorError)) throw error;
    throw new HttpProblem(400, error.message, [{ field: 'cursor', message: error.message }]);
  }
});
