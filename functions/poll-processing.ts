// PollQueue → whether Showpad has made the file usable; asks again, later and later, until it has or has failed.
import type { AppliedFile } from '../lib/asset-state.ts';
import { nameWork } from '../lib/current-work.ts';
import { forgetIfGone } from '../lib/ensure-asset.ts';
import { sqsHandler } from '../lib/handlers.ts';
import { nextStep } from '../lib/next-step.ts';
import { pollTicket } from '../lib/poll-ticket.ts';
import { removeStaged } from '../lib/proceed.ts';
import { personalStep } from '../lib/push-work.ts';
import { stepMessageSchema } from '../lib/queues.ts';
import { JobFailure, type ReasonCode } from '../lib/reasons.ts';
import { getAsset } from '../lib/showpad/assets.ts';
import type { ShowpadClient } from '../lib/showpad/client.ts';
import { ShowpadError } from '../lib/showpad/errors.ts';
import { getFile } from '../lib/showpad/files.ts';
import { step, underLease, type StepOutcome, type Work } from '../lib/work.ts';

const pollFile = step('poll', pollProcessing);
const pollPersonalFile = personalStep('poll', pollTicket);

export const handler = sqsHandler(stepMessageSchema, (message, invocation) =>
  message.push === undefined ? pollFile(message, invocation) : pollPersonalFile(message, invocation),
);

// The first look comes two seconds after the upload.
const quickDelaysSeconds = [2, 4, 8, 15];

// An asset's checksum may be written a little later than its current file.
const checksumPatienceMs = 600_000;

async function pollProcessing(work: Work): Promise<StepOutcome> {
  const { services, job, asset, attempt } = work;
  const { config, assets, telemetry } = services;
  const { assetId, file } = asset.applied;
  if (assetId === undefined || file === undefined) return 'proceed';
  nameWork({ fileId: file.fileId });
  telemetry.processingLookedAt('file', ageMs(file));

  const client = await services.showpad();
  const verdict = await judge(client, assetId, file, config.SETTLE_SECONDS * 1_000).catch(
    (error: unknown) => {
      if (error instanceof ShowpadError && error.status === 404) return error;
      throw error;
    },
  );
  if (verdict instanceof ShowpadError) return askWhatIsGone(work, assetId, client, verdict);
  if (verdict.kind === 'usable') {
    if (await noteUsable(work, file)) await telemetry.fileUsable(job, file.fileId);
    return 'proceed';
  }
  if (verdict.kind === 'failed') {
    await assets.recordProcessed(job.key, file, 'failed');
    throw new JobFailure(verdict.code, verdict.why);
  }
  if (await services.deliveryPause.isOver(file.since, config.PROCESSING_DEADLINE_SECONDS)) {
    throw new JobFailure('PROCESSING_DEADLINE', verdict.why);
  }
  const longest = config.PROCESSING_POLL_SECONDS;
  return {
    againInSeconds: Math.min(longest, quickDelaysSeconds[attempt] ?? longest),
    why: verdict.why,
    isPoll: true,
  };
}

/** The asset may be gone with its file: another event may have had it deleted, or somebody in Showpad. */
function askWhatIsGone(
  work: Work,
  assetId: string,
  client: ShowpadClient,
  missing: ShowpadError,
): Promise<StepOutcome> {
  return underLease(work, async (lease, asset) => {
    const isAsked = nextStep(work.job, asset).kind === 'poll' && asset.applied.assetId === assetId;
    if (!isAsked) return 'proceed';
    return forgetIfGone(work, lease, assetId, async () => {
      await getAsset(client, assetId);
      throw new JobFailure('SHOWPAD_REJECTED', missing.message);
    });
  });
}

/** The staged bytes have served: they go first, since nobody would come back for them after the note. */
async function noteUsable({ services, job, asset: { staged } }: Work, file: AppliedFile): Promise<boolean> {
  const { assets } = services;
  if (staged?.order === file.order) {
    await removeStaged(services, staged);
    if (await assets.recordProcessed(job.key, file, 'usable', staged)) return true;
  }
  return assets.recordProcessed(job.key, file, 'usable');
}

type Verdict =
  | { readonly kind: 'usable' }
  | { readonly kind: 'pending'; readonly why: string }
  | { readonly kind: 'failed'; readonly code: ReasonCode; readonly why: string };

/**
 * Usable means: the file record is active, and it is the asset's current file, with our bytes. The asset's own
 * status says nothing, because it may stay active on the file before. Statuses nobody has heard of are pending.
 */
async function judge(
  client: ShowpadClient,
  assetId: string,
  file: AppliedFile,
  settleMs: number,
): Promise<Verdict> {
  const record = await unlessFresh(getFile(client, assetId, file.fileId), file, settleMs);
  if (record === null) return { kind: 'pending', why: 'Showpad does not show the file yet' };
  if (record.status === 'failed') {
    const why = record.error ?? 'Showpad gave no reason';
    return { kind: 'failed', code: 'PROCESSING_FAILED', why: `Showpad could not process the file: ${why}` };
  }
  if (record.status !== 'active') {
    return { kind: 'pending', why: `the file is ${record.status ?? 'without a status'} in Showpad` };
  }
  const { currentFile, checksum } = await getAsset(client, assetId);
  if (currentFile?.id !== file.fileId)
    return { kind: 'pending', why: "the file is not the asset's current file yet" };
  if (!checksum || checksum.toLowerCase() === file.md5) return { kind: 'usable' };
  const why = 'the checksum that Showpad has of the file is not that of the bytes sent';
  return ageMs(file) < checksumPatienceMs
    ? { kind: 'pending', why }
    : { kind: 'failed', code: 'CHECKSUM_MISMATCH', why };
}

async function unlessFresh<T>(answer: Promise<T>, file: AppliedFile, settleMs: number): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ShowpadError && error.status === 404 && ageMs(file) < settleMs) return null;
    throw error;
  }
}

function ageMs(file: AppliedFile): number {
  return Date.now() - Date.parse(file.since);
}
