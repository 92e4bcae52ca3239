// POST /events/{source} → desired state, jobs, and a message for each.
import { assetKey } from '../lib/asset-key.ts';
import { wishesOf, type Wish } from '../lib/desired-state.ts';
import type { EventOrder } from '../lib/event-order.ts';
import type { ConnectorEvent } from '../lib/events.ts';
import { httpHandler, type Invocation } from '../lib/handlers.ts';
import { jobId, type Job, type JobDraft } from '../lib/jobs.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import type { Services } from '../lib/services.ts';
import { StateTooLargeError } from '../lib/state-size.ts';
import { adapterOf } from '../lib/sources/adapters.ts';
import type { Delivery, Source } from '../lib/sources/source.ts';

const largestBodyBytes = 256 * 1024;
const eventsAtOnce = 8;

export const handler = httpHandler(
  async ({ headers, path, body }, invocation) => {
    const name = path['source'] ?? '';
    const source = await invocation.services.sources.find(name);
    try {
      if (source === undefined) throw new HttpProblem(404, 'There is no source of this name.');
      if (body.length > largestBodyBytes) {
        throw new HttpProblem(
          413,
          `The body has ${body.length} bytes; at most ${largestBodyBytes} are taken.`,
        );
      }
      const delivery = { headers, body, receivedAt: new Date() };
      const events = translate(await verify(source, delivery, invocation), delivery);
      const accepted = await acceptAll(source, events, invocation);
      const jobs = accepted.map(({ job }) => job);
      return jsonResponse(accepted.some(({ isNew }) => isNew) ? 202 : 200, { jobs: jobs.map(receipt) });
    } catch (error) {
      if (error instanceof HttpProblem) {
        invocation.services.telemetry.deliveryRefused(
          source === undefined ? '(unknown)' : name,
          error.status,
          error.message,
        );
      }
      throw error;
    }
  },
  new HttpProblem(503, 'The events could not be stored. Nothing is lost if you send them again.'),
);

async function verify(source: Source, delivery: Delivery, { services }: Invocation): Promise<Source> {
  const refusal = adapterOf(source).verify(source, delivery);
  if (refusal === null) return source;
  // The source's secret may just have been replaced.
  const fresh = await services.sources.findFresh(source.name);
  if (fresh !== undefined && adapterOf(fresh).verify(fresh, delivery) === null) return fresh;
  throw new HttpProblem(401, refusal);
}

function translate(source: Source, delivery: Delivery): readonly ConnectorEvent[] {
  const translation = adapterOf(source).translate(source, delivery);
  switch (translation.kind) {
    case 'events':
      return translation.events;
    case 'unsupported':
      throw new HttpProblem(415, translation.message);
    case 'invalid': {
      const faults = translation.faults.map(({ field, message }) => `${field} ${message}`);
      throw new HttpProblem(400, `Nothing was stored: ${faults.join('; ')}.`, translation.faults);
    }
  }
}

/** Accepts events in their order for each subject, and different subjects side by side. */
async function acceptAll(source: Source, events: readonly ConnectorEvent[], invocation: Invocation) {
  const bySubject = [...Map.groupBy(events.entries(), ([, event]) => event.subject).values()];
  const accepted: { index: number; job: Job; isNew: boolean }[] = [];
  const lanes = Array.from({ length: Math.min(eventsAtOnce, bySubject.length) }, async () => {
    for (let group = bySubject.pop(); group !== undefined; group = bySubject.pop()) {
      for (const [index, event] of group)
        accepted.push({ index, ...(await accept(source, event, invocation)) });
    }
  });
  const results = await Promise.allSettled(lanes);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return accepted.toSorted((left, right) => left.index - right.index);
}

/**
 * Desired state, then job, then message: a crash in between is healed by the sender's next try, which finds the
 * same job and sends the message that may be missing.
 */
async function accept(
  source: Source,
  event: ConnectorEvent,
  { services }: Invocation,
): Promise<{ job: Job; isNew: boolean }> {
  const { jobs, queues, telemetry } = services;
  const id = jobId(source.name, event.id);
  const known = await jobs.get(id);
  if (known !== null && known.subject !== event.subject) {
    throw new HttpProblem(
      400,
      `The event ${event.id} has come before, about another subject. Ids must be unique.`,
    );
  }
  if (known !== null && known.state !== 'received') return { job: known, isNew: false };

  const wishes = wishesOf(event, source.onDelete);
  const draft = draftJob(source, event, id, wishes);
  // What has no time of its own stands where its first delivery stood, so its job has to come first.
  const first = event.isOrdered ? known : (known ?? (await jobs.create(draft)) ?? (await jobs.get(id)));
  const generation = await mergeInto(source, event, first?.order ?? event.order, wishes, services);
  const created = first === null ? await jobs.create({ ...draft, generation }) : null;
  const job = created ?? first ?? (await jobs.get(id));
  if (job === null) throw new Error(`Job ${id} could be neither created nor read.`);
  if (job.state === 'received') {
    await queues.send(event.type === 'asset.upsert' ? 'stage' : 'metadata', { jobId: id, attempt: 0 });
  }
  const isNew = created !== null || (known === null && first?.order === event.order);
  if (isNew) await (event.type === 'ignored' ? telemetry.eventIgnored(job) : telemetry.eventAccepted(job));
  return { job, isNew };
}

function draftJob(source: Source, event: ConnectorEvent, id: string, wishes: readonly Wish[]): JobDraft {
  const isIgnored = event.type === 'ignored';
  return {
    id,
    eventId: event.id,
    source: source.name,
    subject: event.subject,
    key: assetKey(source.name, event.subject),
    type: isIgnored ? event.ignoredType : event.type,
    state: isIgnored ? 'ignored' : 'received',
    order: event.order,
    wishes: wishes.map(({ path }) => path),
    generation: 0,
    defaults: source.division === undefined ? {} : { division: source.division },
    error: null,
    showpad: {},
  };
}

async function mergeInto(
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

function receipt({ id, type, subject, state }: Job) {
  return { id, type, subject, state };
}
