import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { md5 } from '../connector.ts';
import { startAws, type Aws } from '../../local/aws.ts';

let aws: Aws;
let s3: S3Client;
let sqs: SQSClient;
let QueueUrl: string | undefined;
const Bucket = 'inbox';

beforeAll(async () => {
  aws = await startAws('eu-west-1');
  const common = { region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  s3 = new S3Client({ ...common, endpoint: aws.endpoints.s3, forcePathStyle: true });
  sqs = new SQSClient({ ...common, endpoint: aws.endpoints.sqs });
  ({ QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'manifests' })));
  await s3.send(new CreateBucketCommand({ Bucket }));
  const QueueArn = 'arn:aws:sqs:eu-west-1:000000000000:manifests';
  const Filter = { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'manifests/' }] } };
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: {
        QueueConfigurations: [
          { QueueArn, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'], Filter },
        ],
      },
    }),
  );
});
afterAll(async () => {
  s3.destroy();
  sqs.destroy();
  await aws.close();
});

interface Heard {
  readonly eventName: string;
  readonly key: string;
  readonly size?: number;
  readonly eTag?: string;
}

async function heard(): Promise<Heard[]> {
  return (await records()).map(({ eventName, s3: { object } }) => {
    const { sequencer: _sequencer, ...told } = object;
    return { eventName, ...told };
  });
}

interface NotifiedRecord {
  readonly eventName: string;
  readonly s3: { readonly object: Omit<Heard, 'eventName'> & { readonly sequencer: string } };
}

async function records(): Promise<NotifiedRecord[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  return Messages.flatMap(
    ({ Body = '' }) => (JSON.parse(Body) as { readonly Records: NotifiedRecord[] }).Records,
  );
}

test('whoever has put an object finds its message in the queue, and nobody hears of others', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'manifests/a b/ü+.csv', Body: 'abc' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'files/x', Body: 'abc' }));
  expect(await heard()).toEqual([
    { eventName: 'ObjectCreated:Put', key: 'manifests/a+b/%C3%BC%2B.csv', size: 3, eTag: md5('abc') },
  ]);
});

test('an object that comes in parts is told of once, and one that is deleted too', async () => {
  const Key = 'manifests/parts.csv';
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'abcd' }));
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  expect((await heard()).map(({ eventName }) => eventName).toSorted()).toEqual([
    'ObjectCreated:CompleteMultipartUpload',
    'ObjectRemoved:Delete',
  ]);
});

test('an object larger than the emulator takes at once is taken whole', async () => {
  const Body = Buffer.alloc(21 * 1024 * 1024, 'manifest ');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'manifests/large.csv', Body }));
  expect(await heard()).toMatchObject([{ key: 'manifests/large.csv', size: Body.length }]);
  const { Body: stored } = await s3.send(new GetObjectCommand({ Bucket, Key: 'manifests/large.csv' }));
  expect(md5(Buffer.from((await stored?.transformToByteArray()) ?? []))).toBe(md5(Body));
});

test('objects that are deleted in one request are told of one by one, and without what they were', async () => {
  const keys = ['manifests/a & b.csv', 'manifests/<ü>.csv', 'files/unheard'];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'abc' }));
  await heard();
  const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true };
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
  expect((await heard()).toSorted((one, other) => (one.key < other.key ? -1 : 1))).toEqual([
    { eventName: 'ObjectRemoved:Delete', key: 'manifests/%3C%C3%BC%3E.csv' },
    { eventName: 'ObjectRemoved:Delete', key: 'manifests/a+%26+b.csv' },
  ]);
});

test('a copy is told of as one, and what happens to a key later has a larger sequencer', async () => {
  const Key = 'manifests/copied.csv';
  await s3.send(new PutObjectCommand({ Bucket, Key: 'files/original', Body: 'abc' }));
  await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/files/original` }));
  for (let count = 0; count < 5; count += 1) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'abc' }));
  }
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  const told = (await records()).toSorted((one, other) =>
    one.s3.object.sequencer < other.s3.object.sequencer ? -1 : 1,
  );
  const puts = Array.from({ length: 5 }, () => 'ObjectCreated:Put');
  expect(told.map(({ eventName }) => eventName)).toEqual([
    'ObjectCreated:Copy',
    ...puts,
    'ObjectRemoved:Delete',
  ]);
  expect(told.every(({ s3: { object } }) => /^[0-9A-F]{18}$/.test(object.sequencer))).toBe(true);
});

test('what is said of an object comes back, also of one that is taken in parts', async () => {
  const said = { ContentType: 'video/mp4', Metadata: { division: '=?UTF-8?Q?M=C3=BCnchen?=' } };
  for (const [Key, Body] of [
    ['files/small', Buffer.from('abc')],
    ['files/large', Buffer.alloc(11 * 1024 * 1024)],
  ] as const) {
    const before = Math.floor(Date.now() / 1_000);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ...said }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ...said, ContentLength: Body.length });
    expect((head.LastModified?.getTime() ?? 0) / 1_000).toBeGreaterThanOrEqual(before);
  }
});
