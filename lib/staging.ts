import { addAbortSignal, Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { uploadMultipart } from './multipart-upload.ts';

/** An object of the staging bucket. */
export type StagedObject = { s3: S3Client; bucket: string; key: string };

// A file of up to this size is one request to S3 instead of four.
const partBytes = 10 * 1024 * 1024;
const parallelParts = 4;

/**
 * Streams `body` into the staging bucket in 10 MiB parts, holding no more than 40 MiB of it. The object appears whole
 * or not at all: when `body` throws, ends after other than `size` bytes, S3 fails, or `signal` aborts, nothing is
 * left behind and the error is thrown. An aborted `signal` is noticed between two chunks: give it to the producer of
 * `body` too.
 */
export async function stageStream(
  object: StagedObject & {
    body: AsyncIterable<Uint8Array>;
    mediaType: string | null;
    size: number | null;
    signal?: AbortSignal | undefined;
  },
): Promise<void> {
  await uploadMultipart({
    s3: object.s3,
    target: {
      Bucket: object.bucket,
      Key: object.key,
      ContentType: object.mediaType ?? 'application/octet-stream',
    },
    body: object.size === null ? object.body : exactly(object.size, object.body, object.key),
    partBytes,
    parallelParts,
    signal: object.signal,
  });
}

async function* exactly(
  size: number,
  body: AsyncIterable<Uint8Array>,
  key: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > size) break;
    yield chunk;
  }
  if (bytes !== size) throw new Error(`The content for ${key} is not the ${size} bytes it was said to be.`);
}

/**
 * Opens a staged object as a stream. The caller reads `body` to its end or destroys it: an unread body keeps one of
 * the client's sockets for ever. An abort of `signal` destroys it.
 * @throws the SDK's NoSuchKey when the object is not there (never staged, or expired)
 */
export async function openStaged(
  object: StagedObject & { signal?: AbortSignal | undefined },
): Promise<{ body: Readable; size: number }> {
  const { s3, bucket, key, signal } = object;
  const answer = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: key }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  const { Body: body, ContentLength: size } = answer;
  if (!(body instanceof Readable) || size === undefined) {
    if (body instanceof Readable) body.destroy();
    throw new Error(`S3 answered for ${key} without a stream of known length.`);
  }
  return { body: signal === undefined ? body : addAbortSignal(signal, body), size };
}

/** Opens a staged object as `openStaged` does; null when it is not there any more. */
export async function openIfStaged(
  object: Parameters<typeof openStaged>[0],
): Promise<{ body: Readable; size: number } | null> {
  try {
    return await openStaged(object);
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return null;
    throw error;
  }
}

/** Deletes a staged object; one that is not there is no error. */
export async function deleteStaged(object: StagedObject): Promise<void> {
  await object.s3.send(new DeleteObjectCommand({ Bucket: object.bucket, Key: object.key }));
}
