import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildApp } from 'fauxqs';
import { fauxqsStores } from '../../local/state/s3-store.ts';

const Bucket = 'staging';
let directory: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'objects-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(directory, { recursive: true });
});

/** Another S3 on the same folder: what one before it holds in memory it does not know. */
async function start(): Promise<S3Client> {
  const app = buildApp({ logger: false, stores: await fauxqsStores(directory) });
  closers.push(() => app.close());
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new S3Client({ region: 'eu-west-1', endpoint, credentials, forcePathStyle: true });
  closers.push(() => Promise.resolve(client.destroy()));
  return client;
}

async function keysOf(client: S3Client): Promise<(string | undefined)[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key }) => Key);
}

it('an object outlives the server with its bytes, its type and its metadata', async () => {
  const first = await start();
  await first.send(new CreateBucketCommand({ Bucket }));
  // A key that no folder of files could hold as it is.
  const Key = `../staged/ä & ?/${'long'.repeat(100)}`;
  const Body = Buffer.from([0, 1, 2, 255]);
  const described = { ContentType: 'application/pdf', Metadata: { origin: 'test' } };
  await first.send(new PutObjectCommand({ Bucket, Key, Body, ...described }));
  await first.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: Buffer.alloc(0) }));
  await first.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'gone' }));
  await first.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));

  const next = await start();
  expect(await keysOf(next)).toEqual([Key, 'empty']);
  const found = await next.send(new GetObjectCommand({ Bucket, Key }));
  expect(found).toMatchObject({ ...described, ContentLength: 4 });
  expect(await found.Body?.transformToByteArray()).toEqual(new Uint8Array(Body));
});

it('an upload in parts is an object when it was completed, and otherwise never', async () => {
  const first = await start();
  await first.send(new CreateBucketCommand({ Bucket }));
  const begin = async (Key: string) => {
    const { UploadId } = await first.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId, PartNumber: 1 };
    const { ETag } = await first.send(new UploadPartCommand({ ...part, Body: 'bytes' }));
    return { Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
  };
  await first.send(new CompleteMultipartUploadCommand(await begin('whole')));
  await first.send(new AbortMultipartUploadCommand(await begin('aborted')));
  const unfinished = await begin('unfinished');

  const next = await start();
  expect(await keysOf(next)).toEqual(['whole']);
  const whole = await next.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
  expect(await whole.Body?.transformToString()).toBe('bytes');
  await expect(next.send(new CompleteMultipartUploadCommand(unfinished))).rejects.toThrow(/multipart upload/);
});

it('what a kill has left of a write is no object, and does not hinder', async () => {
  const first = await start();
  await first.send(new CreateBucketCommand({ Bucket }));
  await first.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'old' }));
  const [kept = ''] = readdirSync(join(directory, Bucket)).filter((name) => name.endsWith('.object'));
  writeFileSync(join(directory, Bucket, `${kept}.1.tmp`), 'half of the new');

  const next = await start();
  expect(await keysOf(next)).toEqual(['kept']);
  const found = await next.send(new GetObjectCommand({ Bucket, Key: 'kept' }));
  expect(await found.Body?.transformToString()).toBe('old');
  expect(readdirSync(join(directory, Bucket)).toSorted()).toEqual([kept, 'bucket.json'].toSorted());
});
