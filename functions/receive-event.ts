// POST /events/{source} → desired state, jobs, and a message for each.
import { acceptDelivery, takesWebhooks } from '../lib/accept-delivery.ts';
import { httpHandler, type HttpRequest } from '../lib/handlers.ts';
import type { Job } from '../lib/jobs.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { adapterOf } from '../lib/sources/adapters.ts';
import type { Source } from '../lib/sources/source.ts';

export const handler = httpHandler(
  async ({ method, target, headers, path, query, body }, { services }) => {
    const name = path['source'] ?? '';
    const source = await services.sources.find(name);
    try {
      if (source === undefined) throw new HttpProblem(404, 'There is no source of this name.');
      if (method === 'GET') return jsonResponse(200, challengeOf(source, query));
      const delivery = { method, path: target, headers, body, receivedAt: new Date() };
      const accepted = await acceptDelivery(source, delivery, services);
      await services.roster.tell(services.sources.latest);
      const jobs = accepted.map(({ job }) => job);
      return jsonResponse(accepted.some(({ isNew }) => isNew) ? 202 : 200, { jobs: jobs.map(receipt) });
    } catch (error) {
      if (error instanceof HttpProblem) {
        services.telemetry.deliveryRefused(
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
  const answer = takesWebhooks(source) ? (adapterOf(source).answerChallenge?.(query) ?? null) : null;
  if (answer === null) throw new HttpProblem(404, 'Nothing is to be read here. Send events by POST.');
  return answer;
}

function receipt({ id, type, subject, state }: Job) {
  return { id, type, subject, state };
}
