import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import type { StagedFile } from './asset-state.ts';
import { contentStep } from './next-step.ts';
import { removeStaged } from './proceed.ts';
import type { Sweep } from './sweep.ts';

const prefix = 'staged/';
const mostPages = 5;
const pageSize = 100;
// No stager lives longer than 15 minutes; until then what it writes belongs to it.
const abandonedMs = 3_600_000;

/** Multipart uploads whose stager has died are aborted: nobody sees their parts, but they cost. */
export async function sweepUploads(sweep: Sweep): Promise<void> {
  const { services, progress, swept } = sweep;
  const { s3, bucket: Bucket } = await services.staging();
  for (let pages = 0; pages < mostPages && !sweep.isTimeUp(); pages += 1) {
    const { key, uploadId } = progress.uploads ?? {};
    const page = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket,
        Prefix: prefix,
        MaxUploads: pageSize,
        ...(key !== undefined && { KeyMarker: key, UploadIdMarker: uploadId }),
      }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (!isAbandoned(Initiated)) continue;
      await s3
        .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
        .catch(unlessGone('NoSuchUpload'));
      swept('UploadAborted', { key: Key, initiated: Initiated?.toISOString() });
    }
    const { NextKeyMarker, NextUploadIdMarker } = page;
    const goesOn = page.IsTruncated === true && NextKeyMarker !== undefined;
    progress.uploads = goesOn ? { key: NextKeyMarker, uploadId: NextUploadIdMarker ?? '' } : undefined;
    if (!goesOn) return;
  }
}

/** Staged files that nobody will ask for are deleted. What a retry of a failed job would use is left. */
export async function sweepStaged(sweep: Sweep): Promise<void> {
  const { services, progress, swept } = sweep;
  const { s3, bucket: Bucket } = await services.staging();
  for (let pages = 0; pages < mostPages; pages += 1) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix: prefix,
        MaxKeys: pageSize,
        ...(progress.staged !== undefined && { StartAfter: progress.staged }),
      }),
    );
    for (const { Key = '', LastModified } of page.Contents ?? []) {
      if (sweep.isTimeUp()) return;
      if (isAbandoned(LastModified) && (await dropUnlessNeeded(sweep, Key)))
        swept('StagedDeleted', { key: Key });
      progress.staged = Key;
    }
    if (page.IsTruncated === true) continue;
    progress.staged = undefined;
    return;
  }
}

/** @returns whether the object was deleted */
async function dropUnlessNeeded({ services }: Sweep, objectKey: string): Promise<boolean> {
  const { jobs, assets, personalUploads } = services;
  const [, jobId] = /^staged\/([^/]+)\/[^/]+$/.exec(objectKey) ?? [];
  // What we did not put there is not ours to delete.
  if (jobId === undefined) return false;
  const job = await jobs.get(jobId);
  if (job?.type === 'myfiles.upload') {
    const push = await personalUploads.getPush(jobId);
    if (job.state !== 'done' && push?.staged?.objectKey === objectKey) return false;
    await removeStaged(services, { objectKey });
    return true;
  }
  const asset = job === null ? null : await assets.get(job.key);
  const staged: StagedFile | undefined = asset?.staged?.objectKey === objectKey ? asset.staged : undefined;
  if (asset !== null && staged !== undefined && contentStep(asset) !== null) return false;
  await removeStaged(services, { objectKey });
  if (asset !== null && staged !== undefined) await assets.forgetStaged(asset.key, staged);
  return true;
}

function isAbandoned(since: Date | undefined): boolean {
  return since !== undefined && Date.now() - since.getTime() > abandonedMs;
}

function unlessGone(name: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error) || error.name !== name) throw error;
  };
}
