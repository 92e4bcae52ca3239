import * as z from 'zod';
import type { ConnectorApi } from './connector-api.ts';
import { ReaderError } from './reader-error.ts';
import type { ReplayOptions } from './replay-command-line.ts';

const errorSchema = z.object({ code: z.string(), message: z.string() }).nullable();
const jobSchema = z.object({
  id: z.string(),
  type: z.string(),
  source: z.string(),
  subject: z.string(),
  state: z.string(),
  updatedAt: z.string(),
  error: errorSchema,
  recipients: z.array(z.object({ error: errorSchema })).default([]),
});
export type ListedJob = z.output<typeof jobSchema>;
const pageSchema = z.object({ items: z.array(jobSchema), next: z.string().nullable() });

export interface Retry {
  readonly job: ListedJob;
  /** retried; ended: it was done meanwhile; failed: `detail` says why it could not be retried. */
  readonly outcome: 'retried' | 'ended' | 'failed';
  readonly detail: string;
}

const pageSize = 200;
const tries = 4;

/** The jobs that the options name, newest first, page by page. */
export async function* matchingJobs(api: ConnectorApi, options: ReplayOptions): AsyncGenerator<ListedJob> {
  const { state, source, since, limit } = options;
  let count = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = {
      state,
      limit: String(pageSize),
      ...(source !== undefined && { source }),
      ...(cursor !== '' && { cursor }),
    };
    const { status, body, detail } = await api.ask('GET', '/jobs', query);
    if (status !== 200) throw new ReaderError(`The jobs could not be listed: ${detail}.`, 1);
    const page: z.output<typeof pageSchema> = pageSchema.parse(body);
    for (const job of page.items) {
      // They are listed by when they were made: an old one may have failed just now.
      if (since !== undefined && Date.parse(job.updatedAt) < since.getTime()) continue;
      if (!(await hasReason(api, job, options.reason))) continue;
      yield job;
      count += 1;
      if (count === limit) return;
    }
    cursor = page.next;
  }
}

/** The recipients of a push fail each for a reason of its own, which only the job itself tells. */
async function hasReason(api: ConnectorApi, job: ListedJob, reason: string | undefined): Promise<boolean> {
  if (reason === undefined || job.error?.code === reason) return true;
  if (job.error?.code !== 'RECIPIENTS_FAILED') return false;
  const { body } = await api.ask('GET', `/jobs/${job.id}`);
  const whole = jobSchema.safeParse(body).data;
  return whole?.recipients.some(({ error }) => error?.code === reason) ?? false;
}

/**
 * Has one job tried again; waits and repeats where the connector is busy.
 * @param wait waits for some milliseconds
 */
export async function retry(
  api: ConnectorApi,
  job: ListedJob,
  wait: (ms: number) => Promise<unknown>,
): Promise<Retry> {
  let detail = '';
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    if (attempt > 1) await wait(1_000 * 2 ** (attempt - 2));
    const answer = await api.ask('POST', `/jobs/${job.id}/retry`).catch((error: unknown) => {
      detail = error instanceof Error ? error.message : String(error);
      return null;
    });
    if (answer === null) continue;
    ({ detail } = answer);
    if (answer.status === 202) return { job, outcome: 'retried', detail: '' };
    if (answer.status === 409 && (await hasEnded(api, job))) return { job, outcome: 'ended', detail };
    const isBusy = answer.status === 409 || answer.status === 429 || answer.status >= 500;
    if (!isBusy) break;
  }
  return { job, outcome: 'failed', detail };
}

async function hasEnded(api: ConnectorApi, { id }: ListedJob): Promise<boolean> {
  const answer = await api.ask('GET', `/jobs/${id}`).catch(() => null);
  const state = jobSchema.safeParse(answer?.body).data?.state;
  return state === 'done' || state === 'superseded' || state === 'ignored';
}
