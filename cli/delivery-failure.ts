import * as z from 'zod';

export interface Refusal {
  readonly status: number;
  /** The parsed JSON of the answer; undefined when it was none. */
  readonly body: unknown;
  /** The Retry-After header, in seconds. */
  readonly retryAfter: string | undefined;
}

interface Delivery {
  readonly base: string;
  readonly source: string;
  readonly eventId: string;
}

const problemSchema = z.object({
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).default([]),
});

/** What an answer that is no acceptance means, and what to do, for the person who has sent the event. */
export function describeRefusal({ status, body, retryAfter }: Refusal, delivery: Delivery): string {
  const { base, source, eventId } = delivery;
  const problem = problemSchema.safeParse(body).data;
  const detail = problem?.detail ?? `The answer was ${status}.`;
  const again = `send it again with --id ${eventId}`;
  switch (status) {
    case 400:
      return `The event is not as it must be, and nothing was stored:${faultsOf(problem) ?? ` ${detail}`}`;
    case 401:
      return /\bclock\b/.test(detail)
        ? `${detail} Set the clock of this machine, then send the event again.`
        : `${detail} The secret must be one of those that the source ${source} has now, in full. Nothing was stored.`;
    case 403:
      return `${base} lets nobody in. Is CONNECTOR_URL the ApiUrl of the stack?`;
    case 404:
      return problem === undefined
        ? `There is no connector at ${base}. CONNECTOR_URL must be the ApiUrl of the stack.`
        : `The connector has no source ${source}. --source must be a name in its secret of sources; one that was just added is seen within 30 s.`;
    case 429:
      return `${problem === undefined ? 'The connector gets more requests than it takes.' : detail} Wait ${retryAfter ?? 'a few'} s, then ${again}.`;
    default:
      return status >= 500
        ? `${detail} The fault is the connector's, not the event's: ${again}. Its log group of receive-event says more.`
        : `The connector refused the event. ${detail}`;
  }
}

function faultsOf(problem: z.output<typeof problemSchema> | undefined): string | undefined {
  if (problem === undefined || problem.errors.length === 0) return undefined;
  return problem.errors.map(({ field, message }) => `\n  ${field} ${message}`).join('');
}

/** Why there was no answer, and what to do. */
export function describeSilence(error: unknown, base: string, eventId: string): string {
  const { hostname, host } = new URL(base);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `There is no host ${hostname}, or no network. Check CONNECTOR_URL: it must be the ApiUrl of the stack.`;
  if (code === 'ECONNREFUSED') return `Nobody listens at ${host}. Is the connector running?`;
  if (typeof code === 'string' && /CERT|TLS|SSL/.test(code))
    return `The certificate of ${hostname} is not trusted (${code}). Nothing was sent.`;
  const why = error instanceof Error && error.name === 'TimeoutError' ? ' in time' : '';
  // The answer may be what was lost.
  return `The connector at ${host} did not answer${why}. Send the event again with --id ${eventId}: if it has arrived, nothing happens twice.`;
}
