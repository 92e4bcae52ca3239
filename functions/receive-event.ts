// POST /events/{source} → desired state, jobs, and a message for each.
import { acceptPayload } from '../lib/accept-payload.ts';
import { httpHandler, type HttpRequest, type Invocation } from '../lib/handlers.ts';
import type { Job } from '../lib/jobs.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { adapterOf } from '../lib/sources/adapters.ts';
import type { Delivery, Source } from '../lib/sources/source.ts';

const largestBodyBytes = 256 * 1024;

export const handler = httpHandler(
  async ({ method, target, headers, path, query, body }, invocation) => {
    const name = path['source'] ?? '';
    const source = await invocation.services.sources.find(name);
    try {
      if (source === undefined) throw new HttpProblem(404, 'There is no source of this name.');
      if (method === 'GET') return jsonResponse(200, challengeOf(source, query));
      if (body.length > largestBodyBytes) {
        throw new HttpProblem(
          413,
          `The body has ${body.length} bytes; at most ${largestBodyBytes} are taken.`,
        );
      }
      const delivery = { method, path: target, headers, body, receivedAt: new Date() };
      const trusted = await verify(source, delivery, invocation);
      const accepted = await acceptPayload(trusted, delivery, invocation.services);
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

/** A vendor that asks by GET whether the address is ours, before it sends anything, hears what it wants to hear. */
function challengeOf(source: Source, query: HttpRequest['query']): Record<string, string> {
  const answer = adapterOf(source).answerChallenge?.(query) ?? null;
  if (answer === null) throw new HttpProblem(404, 'Nothing is to be read here. Send events by POST.');
  return answer;
}

async function verify(source: Source, delivery: Delivery, { services }: Invocation): Promise<Source> {
  const refusal = await adapterOf(source).verify(source, delivery);
  if (refusal === null) return source;
  // The source's secret may just have been replaced.
  const fresh = await services.sources.findFresh(source.name);
  if (fresh !== undefined && (await adapterOf(fresh).verify(fresh, delivery)) === null) return fresh;
  throw new HttpProblem(401, refusal);
}

function receipt({ id, type, subject, state }: Job) {
  return { id, type, subject, state };
}
