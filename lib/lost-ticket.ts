import type { Copy } from './personal-uploads.ts';
import type { PersonalWork } from './push-work.ts';
import { JobFailure } from './reasons.ts';
import { backoffSeconds } from './retry-rules.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadError } from './showpad/errors.ts';
import { latestQueuedAt, listTickets } from './showpad/tickets.ts';

const clockSkewMs = 60_000;

/**
 * Looks for the ticket of an upload whose answer was lost: by file name, Division and the time it was queued.
 * Nobody may look into the My Files of others, so a file that needed no ticket stays unknown, and is never sent a
 * second time on a guess.
 * @param others what is known of other contents in the same My Files: the tickets of those are not this one's, and
 *   while one of the same name looks for its own, nobody knows whose a ticket is
 * @throws {JobFailure} OUTCOME_UNKNOWN when the settle window has passed and the tickets do not tell
 * @throws {ShowpadError}
 */
export async function findLostTicket(
  { services, attempt, upload }: PersonalWork,
  client: ShowpadClient,
  intent: NonNullable<Copy['intent']>,
  others: readonly Copy[],
): Promise<{ ticketId: string } | { againInSeconds: number; why: string }> {
  const since = Date.parse(intent.at) - clockSkewMs;
  const taken = new Set(others.flatMap(({ ticketId }) => ticketId ?? []));
  const hasRival = others.some((other) => other.intent?.fileName === intent.fileName);
  const matches: string[] = [];
  try {
    for await (const ticket of listTickets(client, { divisionId: intent.divisionId })) {
      const queuedAt = latestQueuedAt(ticket);
      const mayBeOurs = ticket.assetFilename === intent.fileName && !taken.has(ticket.id);
      if (mayBeOurs && (queuedAt === null || queuedAt >= since)) matches.push(ticket.id);
    }
  } catch (error) {
    // An administrator may be refused even this list.
    if (!(error instanceof ShowpadError) || (error.status !== 403 && error.status !== 404)) throw error;
  }
  const [ticketId, ...more] = matches;
  if (ticketId !== undefined && more.length === 0 && !hasRival) return { ticketId };
  if (Date.now() < Date.parse(intent.at) + services.config.SETTLE_SECONDS * 1_000) {
    return {
      againInSeconds: backoffSeconds(attempt, 30),
      why: 'an upload whose answer was lost may still show up',
    };
  }
  const what = `The answer to the upload for recipient ${upload.index + 1}, at ${intent.at}, was lost`;
  throw new JobFailure('OUTCOME_UNKNOWN', `${what}, and ${matches.length} tickets could be its own.`);
}
