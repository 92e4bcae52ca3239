import type { PersonalWork } from './push-work.ts';
import { JobFailure } from './reasons.ts';
import { ShowpadError } from './showpad/errors.ts';
import { forceUseTicket, getTicket } from './showpad/tickets.ts';
import type { StepOutcome } from './work.ts';

// A delayed message may come a little early, two clocks may differ: but never is a ticket asked twice in a hurry.
const toleranceMs = 2_000;
const scarcityFactor = 4;
const mostEmptyCompletions = 3;

/**
 * Asks a ticket of API v3 what has become of a file for My Files; asks again, at a steady pace, until there is an
 * asset or the processing has failed.
 * @throws {JobFailure} PROCESSING_FAILED, PROCESSING_DEADLINE, OUTCOME_UNKNOWN
 * @throws {ShowpadError}
 */
export async function pollTicket(work: PersonalWork): Promise<StepOutcome> {
  const { services, job, push, upload } = work;
  const { config, personalUploads } = services;
  const { ticketId, since = new Date().toISOString() } = upload;
  if (ticketId === null) return 'proceed';
  const client = await services.showpad();
  const paceMs =
    config.TICKET_POLL_SECONDS * 1_000 * ((await services.pace.scarceSeconds()) > 0 ? scarcityFactor : 1);
  const again = (why: string): StepOutcome => ({
    againInSeconds: paceMs / 1_000,
    why,
    isPoll: true,
  });
  const lastLook = new Date(Date.now() - paceMs + Math.min(toleranceMs, paceMs / 10));
  if (!(await personalUploads.claimPoll(ticketId, lastLook))) return again('the ticket was just asked');

  const ageMs = Date.now() - Date.parse(since);
  const isOverdue = await services.deliveryPause.isOver(since, config.PROCESSING_DEADLINE_SECONDS);
  services.telemetry.processingLookedAt('ticket', ageMs);
  const ticket = await getTicket(client, ticketId).catch((error: unknown) => {
    if (error instanceof ShowpadError && error.status === 404) return null;
    throw error;
  });
  if (ticket === null) {
    if (ageMs < config.SETTLE_SECONDS * 1_000) return again('Showpad does not show the ticket yet');
    throw new JobFailure('OUTCOME_UNKNOWN', `Showpad no longer shows ticket ${ticketId}.`);
  }
  if (ticket.status === 'failed') {
    const mayForce = push.onProcessingFailed === 'forceUse' && ticket.canBeForceUsed;
    if (!mayForce) {
      await recordEnd(work, ticketId, null);
      throw new JobFailure('PROCESSING_FAILED', 'Showpad could not process the file.');
    }
    await forceUseTicket(client, ticketId);
    return again('the file is used although its processing failed');
  }
  // An asset may be named before it is processed, which may yet fail.
  if (ticket.status === 'completed') {
    if (ticket.assetId !== null) return done(work, ticketId, ticket.assetId);
    const emptyCompletions = (upload.emptyCompletions ?? 0) + 1;
    if (emptyCompletions > mostEmptyCompletions || isOverdue) {
      return done(work, ticketId, ticket.provisionalAssetId ?? outcomeUnknown(ticketId));
    }
    await personalUploads.advance(job.id, upload.index, { emptyCompletions });
  }
  if (isOverdue) {
    throw new JobFailure('PROCESSING_DEADLINE', `Ticket ${ticketId} is still ${ticket.status} in Showpad.`);
  }
  return again(`the ticket is ${ticket.status}`);
}

async function done(work: PersonalWork, ticketId: string, assetId: string): Promise<StepOutcome> {
  const { services, job, upload } = work;
  await recordEnd(work, ticketId, assetId);
  const isDone = await services.personalUploads.advance(job.id, upload.index, { state: 'done', assetId });
  if (isDone) await services.telemetry.recipientDone(job, upload.index, { assetId, ticketId });
  return 'proceed';
}

/** Showpad forgets tickets: a later event with the same content must not have to ask for this one. */
async function recordEnd(
  { services, push: { staged }, upload: { place } }: PersonalWork,
  ticketId: string,
  assetId: string | null,
): Promise<void> {
  if (staged === undefined || place === undefined) return;
  await services.personalUploads.settleCopy(place.userId, staged.md5, ticketId, assetId);
}

function outcomeUnknown(ticketId: string): never {
  throw new JobFailure('OUTCOME_UNKNOWN', `Ticket ${ticketId} is completed, but names no asset.`);
}
