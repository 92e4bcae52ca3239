import type { Copy } from './personal-uploads.ts';
import { backoffSeconds } from './proceed.ts';
import type { PersonalWork } from './push-work.ts';
import { JobFailure } from './reasons.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadError } from './showpad/errors.ts';
import { latestQueuedAt, listTickets } from './showpad/tickets.ts';

const clockSkewMs = 60_000;

/**
 * Looks for the ticket of an upload whose answer was lost: by file name, Division and the time it was queued.
 * Nobody may look into the My Files of others, so a file that needed no ticket stays unknown, and is never sent a
 * second time on a guess.
 * @throws {JobFailure} OUTCOME_UNKNOWN when the settle window has passed and the tickets do not tell
 * @throws {ShowpadError}
 */
export async function findLostTicket(
  { services, attempt, upload }: PersonalWork,
  client: ShowpadClient,
  intent: NonNullable<Copy['intent']>,
): Promise<{ ticketId: string } | { againInSeconds: number; why: string }> {
  const since = Date.parse(intent.at) - clockSkewMs;
  const matches: string[] = [];
  try {
    for await (const ticket of listTickets(client, { divisionId: intent.divisionId })) {
      const queuedAt = latestQueuedAt(ticket);
      const isOurs = ticket.assetFilename === intent.fileName && (queuedAt === null || queuedAt >= since);
      if (isOurs) matches.push(ticket.id);
    }
  } catch (error) {
    // An administrator may be refused even this list.
    if (!(error instanceof ShowpadError) || (error.status !== 403 && error.status !== 404)) throw error;
  }
  const [ticketId, ...others] = matches;
  if (ticketId !== undefined && others.length === 0) return { ticketId };
  if (Date.now() < Date.parse(intent.at) + services.config.SETTLE_SECONDS * 1_000) {
    return {
      againInSeconds: backoffSeconds(attempt, 30),
      why: 'an upload whose answer was lost may still show up',
    };
  }
  const what = `The answer to the upload for recipient ${upload.index + 1}, at ${intent.at}, was lost`;
  throw new JobFailure('OUTCOME_UNKNOWN', `${what}, and ${matches.length} tickets could be its own.`);
}
