import { assetKey } from './asset-key.ts';
import { bindWork, currentWork, factsOf, nameWork } from './current-work.ts';
import { wishesOf, type Wish } from './desired-state.ts';
import { endJob } from './end-job.ts';
import type { ConnectorEvent } from './events.ts';
import { fromTheBeginning, jobId, type ImportedRow, type Job, type JobDraft } from './jobs.ts';
import type { Push } from './personal-uploads.ts';
import { HttpProblem } from './problem.ts';
import { jobError } from './reasons.ts';
import type { Services } from './services.ts';
import type { Source } from './sources/source.ts';
import { StateTooLargeError } from './state-size.ts';
import { newTraceId } from './trace-id.ts';

export interface Accepted {
  readonly job: Job;
  /** False for a redelivery. */
  readonly isNew: boolean;
}

/** Who sends events of one kind: what its source is set up with. */
export type EventOrigin = Omit<Source, 'adapter' | 'secrets' | 'eventsPerMinute'>;

/** What whoever has the events accepted knows of them already, by event id. */
export interface Foreknowledge {
  /** The jobs that there are; without it, they are looked up. */
  readonly jobs?: ReadonlyMap<string, Job>;
  /** The rows of an import that they are. */
  readonly imports?: ReadonlyMap<string, ImportedRow>;
}

const subjectsAtOnce = 8;

/**
 * Accepts events: those of one subject in their order, different subjects side by side. Answers in the order of
 * the events.
 * @throws {HttpProblem} 400 when ids are not unique; then nothing was stored
 * @throws {Error} when something could not be stored: the sender has to send all of them again
 */
export async function acceptEvents(
  source: EventOrigin,
  events: readonly ConnectorEvent[],
  services: Services,
  { jobs, imports }: Foreknowledge = {},
): Promise<readonly Accepted[]> {
  // A single event is looked up only if its job cannot be created.
  const looked = events.length === 1 ? [] : events;
  const known =
    jobs === undefined
      ? await Promise.all(looked.map(({ id }) => services.jobs.get(jobId(source.name, id))))
      : events.map(({ id }) => jobs.get(id) ?? null);
  assertUniqueIds(events, known);
  const accepted: Accepted[] = [];
  const groups = [...Map.groupBy(events.entries(), ([, { subject }]) => subject).values()];
  const lanes = Array.from({ length: Math.min(subjectsAtOnce, groups.length) }, async () => {
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      for (const [index, event] of group) {
        accepted[index] = await acceptTraced(
          source,
          event,
          known[index] ?? null,
          services,
          imports?.get(event.id),
        );
      }
    }
  });
  const failures = (await Promise.allSettled(lanes)).flatMap((lane) =>
    lane.status === 'rejected' ? [lane.reason as unknown] : [],
  );
  if (failures.length === 0) return accepted;
  // Where anything is our own fault the sender must try again, whatever else is wrong.
  throw failures.find((failure) => !(failure instanceof HttpProblem)) ?? failures[0];
}

function assertUniqueIds(events: readonly ConnectorEvent[], known: readonly (Job | null)[]): void {
  const subjects = new Map<string, string>();
  for (const [index, { id, subject }] of events.entries()) {
    const other = known[index]?.subject ?? subjects.get(id) ?? subject;
    if (other !== subject) throw repeatedId(id);
    subjects.set(id, subject);
  }
}

/** Every event has a trace: its own, else that of the request that brought it, else a new one. */
async function acceptTraced(
  source: EventOrigin,
  event: ConnectorEvent,
  known: Job | null,
  services: Services,
  row: ImportedRow | undefined,
): Promise<Accepted> {
  const traceId = event.traceId ?? currentWork().about.traceId ?? newTraceId();
  const id = jobId(source.name, event.id);
  const about = factsOf({ id, source: source.name, subject: event.subject, traceId });
  return bindWork({ about }, async () => {
    try {
      return await accept(source, { ...event, traceId }, known, services, row);
    } catch (error) {
      if (!(error instanceof HttpProblem)) services.telemetry.eventNotStored(error);
      throw error;
    }
  });
}

/**
 * Job, then desired state, then message. The job fixes the event's order for all of its deliveries; until the
 * desired state holds it, nobody works on it. A crash in between is healed by the sender's next try, which finds
 * the same job and goes on from there.
 */
async function accept(
  source: EventOrigin,
  event: ConnectorEvent,
  known: Job | null,
  services: Services,
  row: ImportedRow | undefined,
): Promise<Accepted> {
  const { jobs, assets, personalUploads, queues, telemetry } = services;
  if (known !== null && !isUnaccepted(known)) return redelivered(known, services);
  const wishes = wishesOf(event, source.onDelete);
  const draft = draftJob(source, event, wishes, row);
  const created = known === null ? await jobs.create(draft) : null;
  let job = created ?? known ?? (await jobs.get(draft.id));
  if (job === null) throw new Error(`Job ${draft.id} could be neither created nor read.`);
  if (job.subject !== event.subject) throw repeatedId(event.id);
  // The trace of the first delivery is that of all.
  nameWork(factsOf(job));
  if (!isUnaccepted(job)) {
    if (created === null) return redelivered(job, services);
    await telemetry.eventIgnored(job);
    return { job, isNew: true };
  }
  try {
    if (event.type === 'myfiles.upload') {
      await personalUploads.createPush(pushOf(source, job.id, event.data));
      job = await takeUp(job, services);
      await queues.send('stage', job, { attempt: 0, push: 'file' });
      if (created === null) telemetry.eventRedelivered(job);
      else await telemetry.eventAccepted(job, 1);
      return { job, isNew: created !== null };
    }
    const { desired, applied } = await assets.merge(job, wishes);
    nameWork({ assetId: applied.assetId });
    job = await takeUp(job, services);
    await queues.send(event.type === 'asset.upsert' ? 'stage' : 'metadata', job, { attempt: 0 });
    if (created === null) telemetry.eventRedelivered(job);
    else await telemetry.eventAccepted(job, desired.generation);
    return { job, isNew: created !== null };
  } catch (error) {
    if (!(error instanceof StateTooLargeError)) throw error;
    const reason = jobError('STATE_TOO_LARGE', error.message);
    await endJob(services, job, { state: 'failed', error: reason });
    return { job: { ...job, state: 'failed', error: reason }, isNew: created !== null };
  }
}

function redelivered(job: Job, { telemetry }: Services): Accepted {
  telemetry.eventRedelivered(job);
  return { job, isNew: false };
}

/** Whether a job may still lack something of what was sent with its event. */
export function isUnaccepted({ state, error }: Job): boolean {
  return state === 'received' || (state === 'failed' && error?.code === 'NOT_ACCEPTED');
}

/** A job that had been given up, because its event had not come whole, goes on. */
async function takeUp(job: Job, { jobs, telemetry }: Services): Promise<Job> {
  if (job.state !== 'failed') return job;
  const changes = fromTheBeginning();
  if (await jobs.advance(job.id, 'received', changes)) await telemetry.jobRevived(job);
  return { ...job, state: 'received', ...changes };
}

function pushOf(
  { onConflict, onProcessingFailed }: EventOrigin,
  job: string,
  {
    recipients,
    file,
    name,
    description,
    folder = '/',
  }: Extract<ConnectorEvent, { type: 'myfiles.upload' }>['data'],
): Push {
  const once = new Map(recipients.map((email) => [email.toLowerCase(), email]));
  return {
    jobId: job,
    recipients: [...once.values()],
    file,
    name: name ?? file.name,
    ...(description !== undefined && { description }),
    folder,
    onConflict,
    onProcessingFailed,
  };
}

function repeatedId(id: string): HttpProblem {
  const detail = `Nothing was stored: the event id ${id} is used for two subjects. Ids must be unique for a source.`;
  return new HttpProblem(400, detail, [{ field: 'id', message: 'is used for two subjects' }]);
}

function draftJob(
  source: EventOrigin,
  event: ConnectorEvent,
  wishes: readonly Wish[],
  row: ImportedRow | undefined,
): JobDraft {
  const isIgnored = event.type === 'ignored';
  return {
    id: jobId(source.name, event.id),
    eventId: event.id,
    source: source.name,
    subject: event.subject,
    key: assetKey(source.name, event.subject),
    type: isIgnored ? event.ignoredType : event.type,
    ...(event.traceId !== undefined && { traceId: event.traceId }),
    state: isIgnored ? 'ignored' : 'received',
    order: event.order,
    wishes: wishes.map(({ path }) => path),
    defaults: {
      createTags: source.createTags,
      ...(source.division !== undefined && { division: source.division }),
      ...(source.types !== undefined && { types: source.types }),
    },
    error: null,
    showpad: {},
    ...(row !== undefined && { import: row }),
  };
}
