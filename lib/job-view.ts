import type { Job } from './jobs.ts';

/** A job as the HTTP API shows it. */
export function presentJob(job: Job) {
  const { id, eventId, type, source, subject, state, createdAt, updatedAt, showpad, error } = job;
  const { assetId = null, fileId = null, ticketId = null } = showpad;
  return {
    id,
    eventId,
    type,
    source,
    subject,
    state,
    createdAt,
    updatedAt,
    showpad: { assetId, fileId, ticketId },
    error,
    recipients: [],
  };
}
