import { acceptEvents, type Accepted } from './accept-events.ts';
import { assetKey } from './asset-key.ts';
import { currentWork } from './current-work.ts';
import { endJob } from './end-job.ts';
import { eventOrder } from './event-order.ts';
import type { Fault } from './events.ts';
import { fromTheBeginning, jobId, type Job, type JobDraft } from './jobs.ts';
import { payloadId, unreadableType } from './parked-payloads.ts';
import { HttpProblem } from './problem.ts';
import { jobError, type JobError } from './reasons.ts';
import type { Services } from './services.ts';
import { adapterOf } from './sources/adapters.ts';
import type { Payload, Source, Translation } from './sources/source.ts';
import { newTraceId } from './trace-id.ts';

type Faulty = Pick<Extract<Translation, { kind: 'unreadable' }>, 'faults' | 'subject'>;

const mostFaultsInDetail = 10;
const mostFaults = 1_000;

/** What becomes of a payload that its sender should put right, or send later. */
export interface Reception {
  /** Whether its sender hears of it. Where nobody does, what is wrong is kept, and what is too much is taken. */
  readonly isAnswered: boolean;
  /** What the door has found wrong by itself with a payload that is not answered: it is kept, and not taken. */
  readonly faults?: readonly Fault[];
}

/**
 * Takes a payload that a door believes: its events become jobs; one that cannot be read, and that its sender would
 * not send again, becomes a failed job with the payload kept. Safe to repeat.
 * @throws {HttpProblem} where the sender hears of it: 400 and 415 for what it has to put right, 429 for more than the
 * source may send; then nothing was stored
 * @throws {Error} when something could not be stored: the payload has to come again
 */
export async function acceptPayload(
  source: Source,
  payload: Payload,
  services: Services,
  { isAnswered, faults: found = [] }: Reception = { isAnswered: true },
): Promise<readonly Accepted[]> {
  const translation = await translationOf(source, payload, services);
  if (!isAnswered) return takeOrKeep(source, payload, translation, found, services);
  await admit(source, translation, services);
  switch (translation.kind) {
    case 'events':
      return acceptEvents(source, translation.events, services);
    case 'unreadable':
      return [await park(source, payload, translation, services)];
    case 'unsupported':
      throw new HttpProblem(415, translation.message);
    case 'invalid': {
      const { faults } = translation;
      throw new HttpProblem(400, `Nothing was stored: ${told(faults)}.`, faults.slice(0, mostFaults));
    }
  }
}

/**
 * Reads the payload of a parked job once more, with its source as it is set up now. Its events become jobs of their
 * own, and the parked one is done; where it still cannot be read, the job fails again and says why.
 * @returns false when the payload, or its source, is not there any more
 */
export async function replayPayload(job: Job, services: Services): Promise<boolean> {
  const { jobs, parkedPayloads, sources, telemetry } = services;
  const payload = await parkedPayloads.get(job.id);
  const source = await sources.findNow(job.source);
  if (payload === null || source === undefined) return false;
  const translation = await translationOf(source, payload, services);
  // First: should this end here, the next try finds the same events.
  const taken = await take(source, translation, services);
  if (await jobs.advance(job.id, 'received', fromTheBeginning())) await telemetry.jobRetried(job);
  const reopened = (await jobs.get(job.id)) ?? job;
  if (!('faults' in taken)) {
    await endJob(services, reopened, { state: 'done' });
    return true;
  }
  const error = reason(taken.faults);
  await endJob(services, reopened, { state: 'failed', error });
  return true;
}

/** Takes what a payload means, or says what is wrong with it. */
async function take(
  source: Source,
  translation: Translation,
  services: Services,
): Promise<{ readonly accepted: readonly Accepted[] } | Faulty> {
  if (translation.kind !== 'events') return faultyOf(translation);
  try {
    return { accepted: await acceptEvents(source, translation.events, services) };
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    const { errors, message } = error;
    return { faults: errors.length > 0 ? errors : [{ field: '(payload)', message }] };
  }
}

/** What nobody would hear refused is kept, with all that is wrong with it. */
async function takeOrKeep(
  source: Source,
  payload: Payload,
  translation: Translation,
  found: readonly Fault[],
  services: Services,
): Promise<readonly Accepted[]> {
  const isWhole = found.length === 0 || translation.kind !== 'events';
  const taken = isWhole ? await take(source, translation, services) : { faults: [] };
  if (!('faults' in taken)) return taken.accepted;
  const others = taken.faults.filter(({ field }) => found.every((fault) => fault.field !== field));
  return [await park(source, payload, { ...taken, faults: [...found, ...others] }, services)];
}

/** What a payload means: to its source's adapter, or by what is in the bucket now. */
async function translationOf(source: Source, payload: Payload, services: Services): Promise<Translation> {
  if (payload.door !== 'inbox') return adapterOf(source).translate(source, payload);
  const { translateFile } = await import('./inbox/translate-file.ts');
  return translateFile(source, payload, services);
}

/** Only what is surely the source's own counts: nobody else can use up its allowance. */
async function admit(
  { name, eventsPerMinute }: Source,
  translation: Translation,
  services: Services,
): Promise<void> {
  const events = translation.kind === 'events' ? translation.events.length : 1;
  const waitSeconds = await services.allowance.take(name, events, eventsPerMinute);
  if (waitSeconds === null) return;
  const detail = `The source has sent the ${eventsPerMinute} events that it may send in a minute. Nothing was stored: send it again.`;
  throw new HttpProblem(429, detail, [], waitSeconds);
}

/** What is wrong with a payload, whoever is to put it right. */
function faultyOf(translation: Exclude<Translation, { kind: 'events' }>): Faulty {
  if (translation.kind === 'unreadable') return translation;
  if (translation.kind === 'invalid') return { faults: translation.faults };
  return { faults: [{ field: '(payload)', message: translation.message }] };
}

/** Payload, then job: a job whose payload is not there could never be read. */
async function park(
  source: Source,
  { headers, ...sent }: Payload,
  { faults, subject = '(unreadable)' }: Faulty,
  { jobs, parkedPayloads, queues, telemetry }: Services,
): Promise<Accepted> {
  const names = adapterOf(source).headersOf?.(source) ?? [];
  const kept = Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );
  const payload: Payload = { ...sent, headers: kept };
  const { receivedAt } = payload;
  const eventId = payloadId(payload);
  const id = jobId(source.name, eventId);
  await parkedPayloads.keep(id, payload);
  const error = reason(faults);
  const draft: JobDraft = {
    id,
    eventId,
    source: source.name,
    subject,
    key: assetKey(source.name, subject),
    type: unreadableType,
    state: 'failed',
    order: eventOrder({ id: eventId, time: receivedAt.toISOString() }),
    wishes: [],
    defaults: {},
    error,
    lastFailure: { at: receivedAt.toISOString(), error },
    showpad: {},
    traceId: currentWork().about.traceId ?? newTraceId(),
  };
  // It ends as it begins, and is announced like every other end.
  await queues.send('outcome', draft, { attempt: 0 });
  const created = await jobs.create(draft);
  if (created !== null) await telemetry.jobFailed(created, error);
  const job = created ?? (await jobs.get(id));
  if (job === null) throw new Error(`Job ${id} could be neither created nor read.`);
  return { job, isNew: created !== null };
}

function reason(faults: readonly Fault[]): JobError {
  return jobError('PAYLOAD_UNREADABLE', `The payload cannot be read: ${told(faults)}`);
}

function told(faults: readonly Fault[]): string {
  const first = faults.slice(0, mostFaultsInDetail).map(({ field, message }) => `${field} ${message}`);
  const more = faults.length > first.length ? `; and ${faults.length - first.length} more` : '';
  return `${first.join('; ')}${more}`;
}
