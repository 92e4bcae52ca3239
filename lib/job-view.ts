import type { Job } from './jobs.ts';
import type { PersonalUpload, Push } from './personal-uploads.ts';

/** A job as the HTTP API shows it. */
export function presentJob(job: Job, push: Push | null = null, uploads: readonly PersonalUpload[] = []) {
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
    recipients: (push?.recipients ?? []).map((email, place) => {
      const upload = uploads.find(({ index }) => index === place);
      const {
        state: stage = 'waiting',
        assetId: asset = null,
        ticketId: ticket = null,
        error: reason = null,
      } = upload ?? {};
      return { email, state: stage, assetId: asset, ticketId: ticket, error: reason };
    }),
  };
}
