import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { getServices, resetServices } from '../../lib/services.ts';
import { sweepStaged, sweepUploads } from '../../lib/sweep-bucket.ts';
import type { SweepProgress } from '../../lib/sweep-state.ts';
import { stubEnvironment } from './invoke.ts';

const s3 = mockClient(S3Client);
const database = mockClient(DynamoDBDocumentClient);
beforeEach(() => {
  database.on(GetCommand).rejects(new Error('The table does not answer.'));
  stubEnvironment();
});
afterEach(async () => {
  s3.reset();
  database.reset();
  await resetServices();
  vi.unstubAllEnvs();
});
afterAll(() => {
  s3.restore();
  database.restore();
});

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const sweepOf = (progress: SweepProgress = {}, isTimeUp = () => false) => {
  const swept: string[] = [];
  const noteSwept = (kind: string, { key }: Readonly<Record<string, unknown>>) => {
    swept.push(`${kind} ${String(key)}`);
  };
  const failed = () => undefined;
  return { services: getServices(), progress, isTimeUp, failed, swept: noteSwept, found: swept };
};

it('aborts uploads that no stager can be alive for, and no others', async () => {
  s3.on(ListMultipartUploadsCommand).resolves({
    Uploads: [
      { Key: 'staged/a/1', UploadId: 'old', Initiated: minutesAgo(61) },
      { Key: 'staged/b/2', UploadId: 'young', Initiated: minutesAgo(59) },
      { Key: 'staged/c/3', UploadId: 'gone', Initiated: minutesAgo(600) },
    ],
  });
  const gone = Object.assign(new Error('gone'), { name: 'NoSuchUpload' });
  s3.on(AbortMultipartUploadCommand).resolves({});
  s3.on(AbortMultipartUploadCommand, { UploadId: 'gone' }).rejects(gone);
  const sweep = sweepOf();
  await sweepUploads(sweep);
  expect(s3.commandCalls(AbortMultipartUploadCommand).map(({ args }) => args[0].input)).toEqual([
    { Bucket: 'bucket', Key: 'staged/a/1', UploadId: 'old' },
    { Bucket: 'bucket', Key: 'staged/c/3', UploadId: 'gone' },
  ]);
  expect(sweep.found).toEqual(['UploadAborted staged/a/1', 'UploadAborted staged/c/3']);
  expect(sweep.progress.uploads).toBeUndefined();
});

it('reads a bounded number of pages of uploads, and goes on there the next time', async () => {
  let page = 0;
  s3.on(ListMultipartUploadsCommand).callsFake(() => {
    page += 1;
    return { IsTruncated: true, NextKeyMarker: `key-${page}`, NextUploadIdMarker: `id-${page}` };
  });
  const sweep = sweepOf();
  await sweepUploads(sweep);
  expect(sweep.progress.uploads).toEqual({ key: 'key-5', uploadId: 'id-5' });
  await sweepUploads(sweep);
  expect(s3.commandCalls(ListMultipartUploadsCommand)[5]?.args[0].input).toMatchObject({
    KeyMarker: 'key-5',
    UploadIdMarker: 'id-5',
  });
});

it('leaves young staged files unread, and goes on behind the last one it looked at when its time is up', async () => {
  const young = ['1', '2', '3'].map((name) => ({ Key: `staged/job/${name}`, LastModified: minutesAgo(20) }));
  s3.on(ListObjectsV2Command).resolves({ Contents: young });
  let looks = 0;
  const sweep = sweepOf({ staged: 'staged/a/0' }, () => (looks += 1) > 2);
  await sweepStaged(sweep);
  expect(s3.commandCalls(ListObjectsV2Command)[0]?.args[0].input).toMatchObject({ StartAfter: 'staged/a/0' });
  expect(sweep.progress.staged).toBe('staged/job/2');
  await sweepStaged(sweepOf(sweep.progress));
  expect(sweep.progress.staged).toBeUndefined();
  expect(sweep.found).toEqual([]);
});
