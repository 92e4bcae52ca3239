import type { Job } from './jobs.ts';
import type { PersonalUpload, Push } from './personal-uploads.ts';

/** A job as the HTTP API shows it. */
export function presentJob(job: Job, push: Push | null = null, uploads: readonly PersonalUpload[] = []) {
  const { id, eventId, type, source, subject, traceId, state, createdAt, updatedAt } = job;
  const { showpad, error, lastFault } = job;
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
    traceId: traceId ?? null,
    showpad: { assetId, fileId, ticketId },
    error,
    lastFault: lastFault ?? null,
    recipients: (push?.recipients ?? []).map((email, place) =>
      presentRecipient(
        email,
        job,
        uploads.find(({ index }) => index === place),
      ),
    ),
  };
}

function presentRecipient(email: string, job: Job, upload: PersonalUpload | undefined) {
  const { state = 'waiting', assetId = null, ticketId = null, error = null } = upload ?? {};
  // Whoever still waits when the job fails fails with it, for the same reason.
  if (job.state === 'failed' && state === 'waiting') {
    return { email, state: 'failed', assetId, ticketId, error: job.error };
  }
  return { email, state, assetId, ticketId, error };
}
