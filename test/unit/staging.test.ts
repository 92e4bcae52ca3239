import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  HeadObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { uploadMultipart } from '../../lib/multipart-upload.ts';
import { deleteStaged, openStaged, stageStream } from '../../lib/staging.ts';

let bucket = '';
const partBytes = 10 * 1024 * 1024;

const app = buildApp({ logger: false });
/** What the server was asked, as `METHOD path?query`, and how many parts were on their way at once. */
let requests: string[] = [];
const partsUnderWay = new Set<string>();
let mostPartsUnderWay = 0;
/** Lets a test answer in the server's place, by giving the status of a refusal. */
let refuse: (request: string) => number | undefined;
let endpoint: string;
let s3: S3Client;

function client(config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    ...config,
  });
}

beforeAll(async () => {
  app.addHook('onRequest', async (request, reply) => {
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    if (line.includes('partNumber=')) {
      partsUnderWay.add(request.id);
      mostPartsUnderWay = Math.max(mostPartsUnderWay, partsUnderWay.size);
    }
    const status = refuse(line);
    if (status !== undefined) await reply.status(status).send('<Error><Code>Refused</Code></Error>');
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    partsUnderWay.delete(request.id);
    done(null, payload);
  });
  endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  s3 = client();
});

afterAll(async () => {
  s3.destroy();
  await app.close();
});

let buckets = 0;
beforeEach(async () => {
  buckets += 1;
  bucket = `staging-${buckets}`;
  refuse = () => undefined;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  requests = [];
  partsUnderWay.clear();
  mostPartsUnderWay = 0;
});

function object() {
  return { s3, bucket, key: 'demo/object' };
}

async function* pieces(content: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += pieceBytes) {
    yield content.subarray(at, at + pieceBytes);
    await nextTurn();
  }
}

async function read(target: ReturnType<typeof object>): Promise<{ md5: string; size: number }> {
  const { body, size } = await openStaged(target);
  const whole = await buffer(body);
  expect(whole.length).toBe(size);
  return { md5: createHash('md5').update(whole).digest('hex'), size };
}

/** Whether the bucket holds neither objects nor parts: only then does S3 delete it. */
async function isEmpty(): Promise<boolean> {
  const isDeleted = await s3.send(new DeleteBucketCommand({ Bucket: bucket })).then(
    () => true,
    () => false,
  );
  if (isDeleted) await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return isDeleted;
}

const content = randomBytes(2 * partBytes + 12_345);
const small = content.subarray(0, 2_000_000);

describe('staging', () => {
  test.each([
    ['one byte', 1, 1, 0],
    ['a small file', 100_000, 1000, 0],
    ['exactly one part', partBytes, 65_536, 0],
    ['one byte more than a part', partBytes + 1, 65_537, 2],
    ['exactly two parts', 2 * partBytes, 1_000_003, 2],
    ['parts in awkward pieces', content.length, 777_777, 3],
    ['parts in pieces larger than a part', content.length, partBytes + 999, 3],
  ])('keeps every byte of %s', async (_what, bytes, pieceBytes, parts) => {
    const whole = content.subarray(0, bytes);
    const target = object();
    await stageStream({ ...target, body: pieces(whole, pieceBytes), mediaType: 'video/mp4', size: bytes });

    const md5 = createHash('md5').update(whole).digest('hex');
    expect(await read(target)).toEqual({ md5, size: bytes });
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: target.key }));
    expect(head.ContentType).toBe('video/mp4');
    expect(requests.filter((line) => line.includes('partNumber='))).toHaveLength(parts);
    expect(mostPartsUnderWay).toBeLessThanOrEqual(4);
    await deleteStaged(target);
    expect(await isEmpty()).toBe(true);
  });

  test('needs neither size nor media type', async () => {
    const target = object();
    await stageStream({ ...target, body: pieces(content, 100_000), mediaType: null, size: null });
    expect((await read(target)).size).toBe(content.length);
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: target.key }));
    expect(head.ContentType).toBe('application/octet-stream');
  });

  test('reuses its buffers without mixing parts', async () => {
    const target = object();
    const minimum = 5 * 1024 * 1024;
    const blocks = Array.from({ length: 7 }, (_value, index) => Buffer.alloc(minimum, index + 1));
    const hash = createHash('md5');
    for (const block of blocks) hash.update(block);
    const bytes = await uploadMultipart({
      s3,
      target: { Bucket: bucket, Key: target.key, ContentType: 'video/mp4' },
      body: Readable.from(blocks),
      partBytes: minimum,
      parallelParts: 2,
      signal: undefined,
    });
    expect(bytes).toBe(7 * minimum);
    expect(await read(target)).toEqual({ md5: hash.digest('hex'), size: bytes });
    expect(mostPartsUnderWay).toBe(2);
  });

  test('sends a part again that S3 could not take', async () => {
    let failures = 0;
    refuse = (request) => (request.includes('partNumber=1') && (failures += 1) === 1 ? 500 : undefined);
    const patient = client({ maxAttempts: 2 });
    const target = object();
    await stageStream({
      ...target,
      s3: patient,
      body: pieces(content, 500_000),
      mediaType: null,
      size: null,
    });
    patient.destroy();
    expect((await read(target)).md5).toBe(createHash('md5').update(content).digest('hex'));
  });

  test('replaces what the key held before', async () => {
    const target = object();
    await stageStream({ ...target, body: pieces(content, 100_000), mediaType: null, size: null });
    await stageStream({ ...target, body: pieces(content.subarray(0, 10), 10), mediaType: null, size: 10 });
    expect((await read(target)).size).toBe(10);
  });
});

describe('staging that fails leaves nothing behind', () => {
  test.each([
    ['within the first part', 1000],
    ['after several parts', content.length],
  ])('when the source breaks %s', async (_where, after) => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield* pieces(content.subarray(0, after), 500_000);
      throw new Error('the source broke');
    }
    const target = object();
    const staging = stageStream({ ...target, body: broken(), mediaType: null, size: null });
    await expect(staging).rejects.toThrow('the source broke');
    expect(await isEmpty()).toBe(true);
  });

  test.each([
    ['shorter', content.length - 1],
    ['longer', content.length + 1],
  ])('when the content is not the promised size, which was %s', async (_how, size) => {
    const target = object();
    const staging = stageStream({ ...target, body: pieces(content, 500_000), mediaType: null, size });
    await expect(staging).rejects.toThrow(`is not the ${size} bytes`);
    expect(await isEmpty()).toBe(true);
  });

  test.each([
    ['the start', 'uploads'],
    ['the second part', 'partNumber=2'],
    ['the last part', 'partNumber=3'],
    ['the completion', 'object?uploadId'],
  ])('when S3 refuses %s, and closes the source', async (_what, refused) => {
    const target = object();
    refuse = (request) => (request.includes(refused) && !request.startsWith('DELETE') ? 403 : undefined);
    let isClosed = false;
    async function* watched(): AsyncGenerator<Buffer> {
      try {
        yield* pieces(content, 500_000);
      } finally {
        isClosed = true;
      }
    }
    const staging = stageStream({ ...target, body: watched(), mediaType: null, size: null });
    await expect(staging).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    refuse = () => undefined;
    expect(isClosed).toBe(true);
    expect(await isEmpty()).toBe(true);
  });

  test('when it is aborted, and says why', async () => {
    const abort = new AbortController();
    async function* aborting(): AsyncGenerator<Buffer> {
      yield* pieces(content.subarray(0, 2 * partBytes), 500_000);
      abort.abort(new Error('out of time'));
      yield* pieces(content, 500_000);
    }
    const target = object();
    const staging = stageStream({
      ...target,
      body: aborting(),
      mediaType: null,
      size: null,
      signal: abort.signal,
    });
    await expect(staging).rejects.toThrow('out of time');
    expect(await isEmpty()).toBe(true);
  });

  test('with the first error, even when the clean-up fails too', async () => {
    refuse = (request) =>
      request.includes('partNumber=1') || request.startsWith('DELETE') ? 403 : undefined;
    const staging = stageStream({ ...object(), body: pieces(content, 500_000), mediaType: null, size: null });
    await expect(staging).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    expect(requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
    refuse = () => undefined;
    expect(await isEmpty()).toBe(false);
  });
});

describe('a staged object', () => {
  test('that is not there is told by NoSuchKey', async () => {
    await expect(openStaged(object())).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('frees its socket when it is destroyed unread', async () => {
    const target = object();
    await stageStream({ ...target, body: pieces(small, 500_000), mediaType: null, size: null });
    const oneSocket = client({ requestHandler: { httpsAgent: {}, httpAgent: { maxSockets: 1 } } });
    for (let opened = 0; opened < 3; opened += 1) {
      const { body } = await openStaged({ ...target, s3: oneSocket });
      body.destroy();
    }
    oneSocket.destroy();
  });

  test('stops flowing when the signal aborts', async () => {
    const target = object();
    await stageStream({ ...target, body: pieces(small, 500_000), mediaType: null, size: null });
    const abort = new AbortController();
    const { body } = await openStaged({ ...target, signal: abort.signal });
    abort.abort();
    const [error] = await once(body, 'error').catch((reason: unknown) => [reason]);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(body.destroyed).toBe(true);
  });

  test('is deleted, once or twice', async () => {
    const target = object();
    await stageStream({ ...target, body: pieces(small, 500_000), mediaType: null, size: null });
    await deleteStaged(target);
    await deleteStaged(target);
    expect(await isEmpty()).toBe(true);
  });
});
