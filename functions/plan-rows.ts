// POST /imports/plan → what an import would do with rows of a manifest; nothing is written.
import * as z from 'zod';
import { parseCloudEvent } from '../lib/events.ts';
import { httpHandler } from '../lib/handlers.ts';
import { planRows } from '../lib/manifest/plan-rows.ts';
import { uploadCalls } from '../lib/manifest/plan-row.ts';
import type { RowEvent } from '../lib/manifest/row-event.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { TryAgain } from '../lib/reasons.ts';
import { readBody } from '../lib/request-body.ts';
import { ShowpadError } from '../lib/showpad/errors.ts';

const requestSchema = z.strictObject({
  source: z.string().min(1).max(63),
  /** Each as the event that it would become. */
  rows: z
    .array(
      z.strictObject({
        type: z.enum(['asset.upsert', 'asset.metadata']),
        subject: z.string(),
        data: z.unknown(),
      }),
    )
    .min(1)
    .max(100),
});

export const handler = httpHandler(async ({ body }, { services }) => {
  if (services.deliveryPause.isOn) {
    throw new HttpProblem(409, 'Delivery is paused, so that nothing calls Showpad: plan when it is over.');
  }
  const { source: name, rows } = readBody(requestSchema, body);
  const source = await services.sources.find(name);
  if (source === undefined) throw new HttpProblem(404, `There is no source “${name}”.`);
  const now = new Date();
  const events = rows.map((row, index) => {
    const id = `import/plan/${index}`;
    const parsed = parseCloudEvent({ specversion: '1.0', id, source: '/plan', ...row }, now, ['rows', index]);
    if ('faults' in parsed) throw new HttpProblem(400, `Row ${index} is no event.`, parsed.faults);
    return parsed.event as RowEvent;
  });
  try {
    const plan = await planRows(services, source, events);
    const perSecond = await services.pace.steadyRate('v4');
    return jsonResponse(200, {
      rows: plan.rows,
      names: Object.fromEntries(plan.names),
      uploadCalls,
      callsPerSecond: perSecond,
    });
  } catch (error) {
    throw problemOf(error);
  }
});

/** Never one of 5xx: the API's raise the alarm that events may not be stored. */
function problemOf(error: unknown): unknown {
  if (error instanceof TryAgain) return new HttpProblem(429, error.message, [], error.afterSeconds ?? 1);
  if (!(error instanceof ShowpadError)) return error;
  const detail = `Showpad could not be asked. ${error.message}`;
  const mayRetry = error.retryable || error.status === 401;
  return mayRetry
    ? new HttpProblem(429, detail, [], error.retryAfterSeconds ?? 5)
    : new HttpProblem(409, detail);
}
