// POST /events/{source} → desired state, jobs, and a message for each.
import { acceptEvents } from '../lib/accept-events.ts';
import type { ConnectorEvent } from '../lib/events.ts';
import { httpHandler, type Invocation } from '../lib/handlers.ts';
import type { Job } from '../lib/jobs.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { adapterOf } from '../lib/sources/adapters.ts';
import type { Delivery, Source, Translation } from '../lib/sources/source.ts';

const largestBodyBytes = 256 * 1024;
const mostFaultsInDetail = 10;
const mostFaults = 1_000;

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
      const trusted = await verify(source, delivery, invocation);
      const translation = adapterOf(trusted).translate(trusted, delivery);
      await admit(trusted, translation, invocation);
      const events = eventsOf(translation);
      const accepted = await acceptEvents(source, events, invocation.services);
      await invocation.services.roster.tell(invocation.services.sources.latest);
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

/** Only what is surely the source's own counts: nobody else can use up its allowance. */
async function admit(source: Source, translation: Translation, { services }: Invocation): Promise<void> {
  const { name, eventsPerMinute } = source;
  const events = translation.kind === 'events' ? translation.events.length : 1;
  const waitSeconds = await services.allowance.take(name, events, eventsPerMinute);
  if (waitSeconds === null) return;
  const detail = `The source has sent the ${eventsPerMinute} events that it may send in a minute. Nothing was stored: send it again.`;
  throw new HttpProblem(429, detail, [], waitSeconds);
}

function eventsOf(translation: Translation): readonly ConnectorEvent[] {
  switch (translation.kind) {
    case 'events':
      return translation.events;
    case 'unsupported':
      throw new HttpProblem(415, translation.message);
    case 'invalid': {
      const { faults } = translation;
      const told = faults.slice(0, mostFaultsInDetail).map(({ field, message }) => `${field} ${message}`);
      const more = faults.length > told.length ? `; and ${faults.length - told.length} more` : '';
      throw new HttpProblem(
        400,
        `Nothing was stored: ${told.join('; ')}${more}.`,
        faults.slice(0, mostFaults),
      );
    }
  }
}

function receipt({ id, type, subject, state }: Job) {
  return { id, type, subject, state };
}
