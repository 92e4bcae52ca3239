import * as z from 'zod';
import type { ConnectorApi } from './connector-api.ts';
import { ReaderError } from './reader-error.ts';

const errorSchema = z.object({ code: z.string(), message: z.string() }).nullable();
const jobSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  showpad: z.object({ assetId: z.string().nullable() }),
  error: errorSchema,
  recipients: z.array(z.looseObject({ state: z.string(), error: errorSchema })).default([]),
});
export type FollowedJob = z.output<typeof jobSchema>;

const ends: ReadonlySet<string> = new Set(['done', 'failed', 'superseded', 'ignored']);
const mostSilences = 5;
const waitsMs = [500, 500, 1_000, 1_000, 2_000];
const longestWaitMs = 5_000;

/**
 * Looks at a job, less and less often, until it has ended; null when `wait` has answered false: the person has had
 * enough.
 * @param onState takes each state that it is found in
 * @throws ReaderError when the job cannot be read
 */
export async function followJob(
  api: ConnectorApi,
  id: string,
  onState: (state: string) => Promise<void>,
  wait: (ms: number) => Promise<boolean>,
): Promise<FollowedJob | null> {
  let state = '';
  let silences = 0;
  for (let look = 0; ; look += 1) {
    const job = await read(api, id).catch((error: unknown) => {
      silences += 1;
      if (silences > mostSilences || !(error instanceof Unanswered)) throw error;
      return null;
    });
    if (job !== null) silences = 0;
    if (job !== null && job.state !== state) {
      ({ state } = job);
      await onState(state);
    }
    if (job !== null && ends.has(job.state)) return job;
    if (!(await wait(waitsMs[look] ?? longestWaitMs))) return null;
  }
}

/** Somebody may answer the next time. */
class Unanswered extends ReaderError {}

async function read(api: ConnectorApi, id: string): Promise<FollowedJob> {
  const { status, body, detail } = await api.ask('GET', `/jobs/${id}`).catch((error: unknown) => {
    if (error instanceof ReaderError && error.exitCode === 1) throw new Unanswered(error.message, 1);
    throw error;
  });
  if (status === 200) {
    const job = jobSchema.safeParse(body).data;
    if (job !== undefined) return job;
  }
  if (status === 429 || status >= 500) throw new Unanswered(`The job ${id} cannot be read: ${detail}.`, 1);
  if (status === 401 || status === 403) {
    const what = 'your AWS credentials may not read jobs: they need execute-api:Invoke on the stack’s API';
    throw new ReaderError(`The event is accepted, but ${what}.`, 1);
  }
  throw new ReaderError(`The event is accepted, but the job ${id} cannot be read: ${detail}.`, 1);
}

/** What became of a job, for a person. */
export function describeEnd({ state, error, showpad, recipients }: FollowedJob): string {
  switch (state) {
    case 'done':
      return showpad.assetId === null ? 'It is done.' : `It is done: asset ${showpad.assetId} in Showpad.`;
    case 'superseded':
      return 'Newer events have overtaken all it asked for.';
    case 'ignored':
      return 'Events of this type are none that the connector does anything for.';
    default: {
      const others = recipients.flatMap((recipient, index) =>
        recipient.error === null ? [] : [`  recipient ${index + 1}: ${sentenceOf(recipient.error)}`],
      );
      return [`It has failed. ${sentenceOf(error)}`, ...others].join('\n');
    }
  }
}

function sentenceOf(error: FollowedJob['error']): string {
  return error === null ? 'It does not say why.' : `${error.code}: ${error.message}`;
}
