import type { Asset } from './asset-state.ts';
import { factsOf, nameWork } from './current-work.ts';
import { endJob } from './end-job.ts';
import { hasEnded, type Job, type OpenState } from './jobs.ts';
import { contentStep, nextStep } from './next-step.ts';
import type { QueuedStep } from './queues.ts';
import type { JobError } from './reasons.ts';
import { backoffSeconds } from './retry-rules.ts';
import { reviveJob } from './revive-job.ts';
import type { Services } from './services.ts';

/**
 * Reads a job and its asset as they are now; null when the job is unknown or has ended.
 * @param sentAtMs when the message was sent that asks for it: a job that failed only for want of one goes on
 */
export async function readOpenJob(
  services: Services,
  jobId: string,
  sentAtMs?: number,
): Promise<{ job: Job; asset: Asset } | null> {
  const { jobs, assets, logger } = services;
  const found = await jobs.get(jobId);
  if (found !== null) nameWork(factsOf(found));
  else logger.warn('a message names a job that does not exist', { jobId });
  const job = found === null || sentAtMs === undefined ? found : await reviveJob(services, found, sentAtMs);
  if (job === null || hasEnded(job)) return null;
  const asset = await assets.get(job.key);
  // Without a state the event has not been accepted yet: its sender will send it again.
  if (asset === null) return null;
  nameWork({ assetId: asset.applied.assetId });
  return { job, asset };
}

/**
 * Takes a job to whatever is next for it: the queue of its next step, or its end. Safe to repeat.
 * @param from the step that was just done; should it be the next one again, it is not repeated at once
 */
export async function proceed(
  services: Services,
  jobId: string,
  from?: { readonly step: QueuedStep; readonly attempt: number },
): Promise<void> {
  const open = await readOpenJob(services, jobId);
  if (open === null) return;
  const { job, asset } = open;
  const next = nextStep(job, asset);
  const isRepeated = from !== undefined && next.kind === from.step;
  const message = { attempt: isRepeated ? from.attempt + 1 : 0 };
  const delaySeconds = isRepeated ? backoffSeconds(from.attempt) : 0;
  switch (next.kind) {
    case 'stage':
    case 'upload':
      await services.queues.send(next.kind, job, message, delaySeconds);
      return;
    case 'metadata':
      await services.jobs.advance(jobId, stateOfMetadata(job), references(asset));
      await services.queues.send('metadata', job, message, delaySeconds);
      return;
    case 'poll':
      await services.jobs.advance(jobId, 'processing', { ...references(asset), attempts: message.attempt });
      await services.queues.send('poll', job, message, Math.max(firstLookSeconds(services), delaySeconds));
      return;
    case 'done':
      await dropStaged(services, asset);
      await endJob(services, job, { state: 'done', ...references(asset) });
      return;
    case 'superseded':
      await endJob(services, job, { state: 'superseded', ...references(asset) });
      return;
    case 'unlaid':
      return;
    case 'failed':
      await fail(services, job, asset, next.error);
  }
}

/** No file is processed sooner, and a look that comes too early costs as much as one that finds something. */
function firstLookSeconds({ config }: Services): number {
  return Math.min(2, config.PROCESSING_POLL_SECONDS);
}

/** The state of a job that waits for its metadata: an upsert is being processed, other jobs are applied. */
export function stateOfMetadata(job: Job): OpenState {
  return job.wishes.includes('content') ? 'processing' : 'applying';
}

/** Ends a job with a reason. Its staged bytes stay, for a retry, until the bucket lets them expire. */
export async function fail(services: Services, job: Job, asset: Asset, error: JobError): Promise<void> {
  await endJob(services, job, { state: 'failed', error, ...references(asset) });
}

function references({ applied }: Asset): { showpad: Job['showpad'] } {
  const fileId = applied.file?.fileId ?? applied.usableFile?.fileId;
  return {
    showpad: {
      ...(applied.assetId !== undefined && { assetId: applied.assetId }),
      ...(fileId !== undefined && { fileId }),
    },
  };
}

async function dropStaged(services: Services, asset: Asset): Promise<void> {
  const { key, staged } = asset;
  if (staged === undefined || contentStep(asset) !== null) return;
  await removeStaged(services, staged);
  await services.assets.forgetStaged(key, staged);
}

/** Takes staged bytes out of the bucket; loads what knows S3 only now, for the functions that seldom need it. */
export async function removeStaged(services: Services, { objectKey }: { objectKey: string }): Promise<void> {
  const { deleteStaged } = await import('./staging.ts');
  await deleteStaged({ ...(await services.staging()), key: objectKey });
}
