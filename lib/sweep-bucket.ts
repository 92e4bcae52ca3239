import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import type { StagedFile } from './asset-state.ts';
import { bindWork, factsOf, nameWork } from './current-work.ts';
import type { Job } from './jobs.ts';
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
    for (const { Key = '', UploadId, Initiated } of page.Uploads ?? []) {
      if (!isAbandoned(Initiated)) continue;
      await aboutJobOf(Key, async () => {
        // Only the log asks for it.
        await readJob(sweep, Key).catch(() => null);
        await s3
          .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
          .catch(unlessGone('NoSuchUpload'));
        swept('UploadAborted', { key: Key, initiated: Initiated?.toISOString() });
      });
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
      await aboutJobOf(Key, async () => {
        if (isAbandoned(LastModified) && (await dropUnlessNeeded(sweep, Key)))
          swept('StagedDeleted', { key: Key });
      });
      progress.staged = Key;
    }
    if (page.IsTruncated === true) continue;
    progress.staged = undefined;
    return;
  }
}

/** The id of the job whose bytes have this key; undefined when it is none that we have given. */
function jobIdOf(objectKey: string): string | undefined {
  return /^staged\/([^/]+)\/[^/]+$/.exec(objectKey)?.[1];
}

function aboutJobOf(objectKey: string, work: () => Promise<void>): Promise<void> {
  return bindWork({ about: { jobId: jobIdOf(objectKey) } }, work);
}

async function readJob({ services }: Sweep, objectKey: string): Promise<Job | null> {
  const job = await services.jobs.get(jobIdOf(objectKey) ?? '');
  if (job !== null) nameWork(factsOf(job));
  return job;
}

/** @returns whether the object was deleted */
async function dropUnlessNeeded(sweep: Sweep, objectKey: string): Promise<boolean> {
  const { assets, personalUploads } = sweep.services;
  const jobId = jobIdOf(objectKey);
  // What we did not put there is not ours to delete.
  if (jobId === undefined) return false;
  const job = await readJob(sweep, objectKey);
  if (job?.type === 'myfiles.upload') {
    const push = await personalUploads.getPush(jobId);
    if (job.state !== 'done' && push?.staged?.objectKey === objectKey) return false;
    await removeStaged(sweep.services, { objectKey });
    return true;
  }
  const asset = job === null ? null : await assets.get(job.key);
  const staged: StagedFile | undefined = asset?.staged?.objectKey === objectKey ? asset.staged : undefined;
  if (asset !== null && staged !== undefined && contentStep(asset) !== null) return false;
  await removeStaged(sweep.services, { objectKey });
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
