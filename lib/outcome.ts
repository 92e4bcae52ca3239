import * as z from 'zod';
import { presentJob } from './job-view.ts';
import { hasEnded, type Job } from './jobs.ts';
import type { PersonalUpload, Push } from './personal-uploads.ts';
import { reasons } from './reasons.ts';

const instant = z.iso.datetime({ offset: false });
const recipientSchema = z.object({
  index: z.int().min(0).meta({ description: "The place in the event's recipients, from 0; no address." }),
  state: z.enum(['waiting', 'processing', 'done', 'failed']),
  assetId: z.string().nullable(),
  ticketId: z.string().nullable(),
  code: z.string().nullable().meta({ description: 'Why it failed: a reason code.' }),
});
const dataSchema = z.object({
  id: z.string().meta({ description: 'The job: GET /jobs/{id}.' }),
  eventId: z.string().meta({ description: 'The id of the event that asked for it.' }),
  type: z.string().meta({
    description: 'The type of that event.',
    examples: ['asset.upsert', 'asset.metadata', 'asset.archive', 'asset.delete', 'myfiles.upload'],
  }),
  source: z.string().meta({ description: 'The source that sent the event.' }),
  subject: z.string().meta({ description: "The source's own id of the content." }),
  state: z.enum(['done', 'failed', 'superseded']).meta({
    description: 'superseded: newer events have overtaken all it asked for.',
  }),
  traceId: z
    .string()
    .nullable()
    .meta({ description: 'By which all log lines of the event are found, from the door to the last call.' }),
  createdAt: instant,
  updatedAt: instant.meta({ description: 'When it ended.' }),
  showpad: z.object({
    assetId: z.string().nullable(),
    fileId: z.string().nullable(),
    ticketId: z.string().nullable(),
  }),
  error: z
    .object({
      code: z.string().meta({ description: 'A reason code; more may come.', examples: Object.keys(reasons) }),
      message: z.string().meta({ description: 'What happened and what to do, for people.' }),
      retryable: z.boolean().meta({ description: 'Whether the same event may succeed later unchanged.' }),
    })
    .nullable()
    .meta({ description: 'Why it failed; null for other ends.' }),
  recipients: z
    .object({
      total: z.int().min(1),
      done: z.int().min(0),
      failed: z.int().min(0),
      list: z
        .array(recipientSchema)
        .nullable()
        .meta({ description: 'null where it would make the message too large for SNS: ask GET /jobs/{id}.' }),
    })
    .nullable()
    .meta({ description: 'Of an upload into My Files; null for other jobs.' }),
});

/** What other systems are told when a job has ended: a CloudEvent, in the JSON format. */
export const outcomeSchema = z
  .object({
    specversion: z.literal('1.0'),
    id: z.string().meta({
      description:
        'Job id and state: the same whenever the same outcome is told again. A job that is tried again and fails once more has the same id and a later time.',
      examples: ['job_9f86d081884c7d659a2feaa0c55ad015-done'],
    }),
    source: z.string().meta({
      description: 'The connector, by its environment.',
      examples: ['/showpad-connector/prod'],
    }),
    type: z.enum([
      'showpad-connector.job.done',
      'showpad-connector.job.failed',
      'showpad-connector.job.superseded',
    ]),
    subject: z.string().meta({
      description: 'The asset key: source and subject of the event that asked for the job.',
      examples: ['dam:brochure-2026'],
    }),
    time: instant.meta({ description: 'When the job ended.' }),
    datacontenttype: z.literal('application/json'),
    data: dataSchema,
  })
  .meta({
    title: 'Outcome of a job',
    description:
      'Published to the topic OutcomeTopic when a job has ended. Told at least once, in no certain order. Fields may be added: ignore those you do not know.',
  });
export type Outcome = z.output<typeof outcomeSchema>;

/** A job that has come to an end of which others are told. */
export type EndedJob = Job & { readonly state: Outcome['data']['state'] };

/**
 * The end that was announced for a job, or for one time of it between two failures. `open`: it may still come.
 * `overtaken`: a later failure stands in its place, of which its own message tells.
 */
export function announcedEnd(job: Job, reopening: string | undefined): EndedJob | 'open' | 'overtaken' {
  if (job.reopening === reopening) {
    if (!hasEnded(job)) return 'open';
    return job.state === 'ignored' ? 'overtaken' : (job as EndedJob);
  }
  // It was brought back since, as only a failure is.
  const { lastFailure } = job;
  if (lastFailure === undefined || lastFailure.reopening !== reopening) return 'overtaken';
  return { ...job, state: 'failed', error: lastFailure.error, updatedAt: lastFailure.at };
}

const longestErrorMessage = 4_000;

/** What others are told of an ended job: what GET /jobs/{id} shows of it, without addresses. */
export function outcomeOf(
  job: EndedJob,
  environment: string,
  push: Push | null = null,
  uploads: readonly PersonalUpload[] = [],
): Outcome {
  const { lastFault: _lastFault, recipients, error, ...shown } = presentJob(job, push, uploads);
  const { state } = job;
  const list = recipients.map((recipient, index) => ({
    index,
    state: recipient.state as z.output<typeof recipientSchema>['state'],
    assetId: recipient.assetId,
    ticketId: recipient.ticketId,
    code: recipient.error?.code ?? null,
  }));
  const count = (ended: string): number => list.filter((recipient) => recipient.state === ended).length;
  return {
    specversion: '1.0',
    id: `${job.id}-${state}`,
    source: `/showpad-connector/${environment}`,
    type: `showpad-connector.job.${state}`,
    subject: job.key,
    time: job.updatedAt,
    datacontenttype: 'application/json',
    data: {
      ...shown,
      state,
      error: error === null ? null : { ...error, message: cut(error.message) },
      recipients:
        list.length === 0 ? null : { total: list.length, done: count('done'), failed: count('failed'), list },
    },
  };
}

function cut(text: string): string {
  return text.length > longestErrorMessage ? `${text.slice(0, longestErrorMessage).toWellFormed()}…` : text;
}
