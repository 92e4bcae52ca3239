import type { AppliedFile, Asset, Lease, StagedFile } from './asset-state.ts';
import { nameWork } from './current-work.ts';
import { oldestOrder } from './desired-state.ts';
import { removeStaged } from './proceed.ts';
import { JobFailure, TryAgain } from './reasons.ts';
import { backoffSeconds } from './retry-rules.ts';
import type { ShowpadClient } from './showpad/client.ts';
import { ShowpadError } from './showpad/errors.ts';
import { createFile, getFile } from './showpad/files.ts';
import { uploadBinary } from './showpad/upload.ts';
import { openIfStaged } from './staging.ts';
import { inTime, measureTransfer } from './transfer-limits.ts';
import type { StepOutcome, Work } from './work.ts';

/** Sends the staged bytes as a new file of the asset, unless an earlier try has already delivered them. */
export async function sendFile(
  work: Work,
  lease: Lease,
  asset: Asset,
  assetId: string,
  client: ShowpadClient,
): Promise<StepOutcome> {
  const { services, attempt } = work;
  const { staged, applied } = asset;
  if (staged === undefined) return 'proceed';
  const earlier = await earlierDelivery(work, applied.file, staged, assetId, client);
  if (earlier === 'unsettled') {
    return { againInSeconds: backoffSeconds(attempt, 15), why: 'an earlier upload has not settled' };
  }
  if (earlier !== null) {
    await services.assets.recordLast(lease, { file: { ...earlier, order: staged.order, state: 'sent' } });
    await services.telemetry.fileUploaded(work.job, earlier);
    return 'proceed';
  }

  return inTime(work, 'upload link', staged.size, () =>
    sendStaged(work, lease, asset, staged, assetId, client),
  );
}

async function sendStaged(
  work: Work,
  lease: Lease,
  asset: Asset,
  staged: StagedFile,
  assetId: string,
  client: ShowpadClient,
): Promise<StepOutcome> {
  const { services, job, signal } = work;
  const object = { ...(await services.staging()), key: staged.objectKey };
  const opened = await openIfStaged({ ...object, signal });
  if (opened === null) {
    // It has expired: what comes next is to stage it again.
    await services.assets.forgetStaged(job.key, staged, lease);
    return 'proceed';
  }
  const { body, size } = opened;
  try {
    // The link comes last: it lives for fifteen minutes, and is used once.
    const contentMD5 = Buffer.from(staged.md5, 'hex').toString('base64');
    const { id: fileId, uploadMeta } = await createFile(client, assetId, { contentMD5 });
    nameWork({ fileId });
    const { order, md5, sha256 } = staged;
    const since = new Date().toISOString();
    const proof = { md5, ...(sha256 !== undefined && { sha256 }) };
    const file: AppliedFile = { fileId, order, ...proof, size, state: 'sending', since };
    const oldest = oldestOrder(asset.desired, asset.applied.oldest);
    await services.assets.record(lease, { file, url: undefined, oldest });
    const startedAt = performance.now();
    await deliver(work, lease, asset, () =>
      measureTransfer(work, 'upload link', size, (onEnd) =>
        uploadBinary(client, { uploadMeta, body, size, contentMD5, signal, onEnd }),
      ),
    );
    const durationMs = Math.round(performance.now() - startedAt);
    const sent: AppliedFile = { ...file, state: 'sent', since: new Date().toISOString() };
    await services.assets.recordLast(lease, { file: sent, refusals: undefined });
    await services.telemetry.fileUploaded(job, { ...file, durationMs });
    return 'proceed';
  } finally {
    body.destroy();
  }
}

/**
 * What became of a file that was being sent when an invocation ended: the file itself when these bytes are with
 * Showpad, null when a new one must be sent, and 'unsettled' while its bytes could still arrive. Even where newer
 * bytes are wanted by now: those that come late would take the place of what was sent after them.
 */
async function earlierDelivery(
  { services }: Work,
  file: AppliedFile | undefined,
  staged: StagedFile,
  assetId: string,
  client: ShowpadClient,
): Promise<AppliedFile | 'unsettled' | null> {
  if (file?.state !== 'sending') return null;
  const status = await getFile(client, assetId, file.fileId).then(
    (record) => record.status,
    (error: unknown) => {
      if (error instanceof ShowpadError && error.status === 404) return null;
      throw error;
    },
  );
  if (status === 'failed' || status === null) return null;
  if (status !== 'prepared') return file.md5 === staged.md5 && file.size === staged.size ? file : null;
  const settledAt = Date.parse(file.since) + services.config.SETTLE_SECONDS * 1_000;
  return Date.now() < settledAt ? 'unsettled' : null;
}

const mostRefusals = 5;

/**
 * Puts the bytes to the link. When they have surely not arrived, the next try sends them again at once, by a
 * fresh link, and from a fresh copy of the source when the staged one turned out to be damaged.
 */
async function deliver(
  { services, job }: Work,
  lease: Lease,
  { staged, applied }: Asset,
  put: () => Promise<void>,
): Promise<void> {
  try {
    await put();
  } catch (error) {
    if (!(error instanceof ShowpadError)) throw error;
    const isRefused = error.kind === 'response' && !error.retryable;
    // Whoever tries a failed job again starts counting anew.
    const refusals = isRefused ? ((applied.refusals ?? 0) + 1) % (mostRefusals + 1) : applied.refusals;
    if (!error.outcomeUnknown || isRefused)
      await services.assets.record(lease, { file: applied.file, url: applied.url, refusals });
    if (!isRefused) throw error;
    if (refusals === 0) throw new JobFailure('UPLOAD_REFUSED', error.message);
    if (error.title === 'BadDigest' && staged !== undefined) {
      await services.assets.forgetStaged(job.key, staged, lease);
      await removeStaged(services, staged);
    }
    throw new TryAgain(`the upload link refused the file: ${error.title}`);
  }
}
