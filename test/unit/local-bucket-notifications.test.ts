import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
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

async function heard(): Promise<{ eventName: string; key: string; size: number; eTag: string }[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  return Messages.flatMap(({ Body = '' }) => {
    const { Records } = JSON.parse(Body) as {
      Records: { eventName: string; s3: { object: { key: string; size: number; eTag: string } } }[];
    };
    return Records.map(({ eventName, s3: { object } }) => {
      const { key, size, eTag } = object;
      return { eventName, key, size, eTag };
    });
  });
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
