import { assetKey } from './asset-key.ts';
import { wishesOf, type Wish } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import type { ConnectorEvent } from './events.ts';
import { jobId, type Job, type JobDraft } from './jobs.ts';
import { HttpProblem } from './problem.ts';
import type { Services } from './services.ts';
import type { Source } from './sources/source.ts';
import { StateTooLargeError } from './state-size.ts';

export interface Accepted {
  readonly job: Job;
  /** False for a redelivery. */
  readonly isNew: boolean;
}

const subjectsAtOnce = 8;

/**
 * Accepts events: those of one subject in their order, different subjects side by side. Answers in the order of
 * the events.
 * @throws {HttpProblem} 400 when ids are not unique (then nothing was stored), or a subject asks for too much
 * @throws {Error} when something could not be stored: the sender has to send all of them again
 */
export async function acceptEvents(
  source: Source,
  events: readonly ConnectorEvent[],
  services: Services,
): Promise<readonly Accepted[]> {
  const known = await Promise.all(events.map(({ id }) => services.jobs.get(jobId(source.name, id))));
  assertUniqueIds(events, known);
  const accepted: Accepted[] = [];
  const groups = [...Map.groupBy(events.entries(), ([, { subject }]) => subject).values()];
  const lanes = Array.from({ length: Math.min(subjectsAtOnce, groups.length) }, async () => {
    for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
      for (const [index, event] of group) {
        accepted[index] = await accept(source, event, known[index] ?? null, services);
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
    if (other !== subject) {
      const detail = `Nothing was stored: the event id ${id} is used for two subjects. Ids must be unique for a source.`;
      throw new HttpProblem(400, detail, [{ field: 'id', message: 'is used for two subjects' }]);
    }
    subjects.set(id, subject);
  }
}

/**
 * Desired state, then job, then message: a crash in between is healed by the sender's next try, which finds the
 * same job and sends the message that may be missing.
 */
async function accept(
  source: Source,
  event: ConnectorEvent,
  known: Job | null,
  services: Services,
): Promise<Accepted> {
  const { jobs, queues, telemetry } = services;
  if (known !== null && known.state !== 'received') return { job: known, isNew: false };
  const wishes = wishesOf(event, source.onDelete);
  const draft = draftJob(source, event, wishes);
  // What has no time of its own stands where its first delivery stood, so its job has to come first.
  const reserved = event.isOrdered || known !== null ? null : await jobs.create(draft);
  const first = reserved ?? known ?? (event.isOrdered ? null : await jobs.get(draft.id));
  const generation = await merge(source, event, first?.order ?? event.order, wishes, services);
  const created = reserved ?? (first === null ? await jobs.create({ ...draft, generation }) : null);
  const job = created ?? first ?? (await jobs.get(draft.id));
  if (job === null) throw new Error(`Job ${draft.id} could be neither created nor read.`);
  if (job.state === 'received') {
    await queues.send(event.type === 'asset.upsert' ? 'stage' : 'metadata', { jobId: job.id, attempt: 0 });
  }
  if (created !== null)
    await (event.type === 'ignored' ? telemetry.eventIgnored(job) : telemetry.eventAccepted(job));
  return { job, isNew: created !== null };
}

function draftJob(source: Source, event: ConnectorEvent, wishes: readonly Wish[]): JobDraft {
  const isIgnored = event.type === 'ignored';
  return {
    id: jobId(source.name, event.id),
    eventId: event.id,
    source: source.name,
    subject: event.subject,
    key: assetKey(source.name, event.subject),
    type: isIgnored ? event.ignoredType : event.type,
    state: isIgnored ? 'ignored' : 'received',
    order: event.order,
    wishes: wishes.map(({ path }) => path),
    generation: 0,
    defaults: {
      createTags: source.createTags,
      ...(source.division !== undefined && { division: source.division }),
    },
    error: null,
    showpad: {},
  };
}

async function merge(
  source: Source,
  event: ConnectorEvent,
  order: EventOrder,
  wishes: readonly Wish[],
  { assets }: Services,
): Promise<number> {
  if (wishes.length === 0) return 0;
  try {
    const { desired } = await assets.merge({ source: source.name, subject: event.subject, order }, wishes);
    return desired.generation;
  } catch (error) {
    if (error instanceof StateTooLargeError) throw new HttpProblem(400, error.message);
    throw error;
  }
}
