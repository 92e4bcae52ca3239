import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Where an object goes and what it says about itself. */
export type UploadTarget = { Bucket: string; Key: string; ContentType: string };

export type MultipartUploadOptions = {
  s3: S3Client;
  target: UploadTarget;
  body: AsyncIterable<Uint8Array>;
  /** At least 5 MiB, as S3 wants. */
  partBytes: number;
  /** Parts on their way at once; as many buffers of `partBytes` are held. */
  parallelParts: number;
  signal: AbortSignal | undefined;
};

/**
 * Writes a stream of unknown length to S3, in one PUT when it fits into a part and else by multipart upload, and
 * gives its length in bytes. The object appears only when the stream has ended well: whatever fails, the stream is
 * closed, the parts are aborted before the error is thrown, and the key holds what it held before.
 */
// Not lib-storage: it slices its parts out of ever new concatenations, for more memory and CPU, and its abort settles
// while requests are still running.
export async function uploadMultipart(options: MultipartUploadOptions): Promise<number> {
  const { s3, target, partBytes } = options;
  const stop = new AbortController();
  const abortSignal = AbortSignal.any([
    stop.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const parts: CompletedPart[] = [];
  const sending = new Set<Promise<void>>();
  const buffers: Buffer<ArrayBuffer>[] = [];
  let uploadId: string | undefined;
  let partCount = 0;

  const begin = async (): Promise<string> => {
    const created = await s3.send(new CreateMultipartUploadCommand(target), { abortSignal });
    if (created.UploadId === undefined) throw new Error('S3 started a multipart upload without naming it.');
    return created.UploadId;
  };

  const sendPart = async (PartNumber: number, buffer: Buffer<ArrayBuffer>, bytes: number): Promise<void> => {
    const { Bucket, Key } = target;
    const Body = buffer.subarray(0, bytes);
    const part = { Bucket, Key, UploadId: uploadId, PartNumber, Body };
    const { ETag } = await s3.send(new UploadPartCommand(part), { abortSignal });
    parts.push({ PartNumber, ETag });
    buffers.push(buffer);
  };

  const enqueue = async (buffer: Buffer<ArrayBuffer>, bytes: number): Promise<void> => {
    uploadId ??= await begin();
    partCount += 1;
    const sent: Promise<void> = sendPart(partCount, buffer, bytes).finally(() => sending.delete(sent));
    // A failure is seen at the next race, or at the end; until then it must not count as unhandled.
    sent.catch((error: unknown) => stop.abort(error));
    sending.add(sent);
    if (sending.size >= options.parallelParts) await Promise.race(sending);
  };

  let total = 0;
  let buffer = Buffer.allocUnsafeSlow(partBytes);
  let filled = 0;
  try {
    for await (const chunk of options.body) {
      abortSignal.throwIfAborted();
      for (let taken = 0; taken < chunk.byteLength;) {
        if (filled === partBytes) {
          await enqueue(buffer, filled);
          buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(partBytes);
          filled = 0;
        }
        const piece = chunk.subarray(taken, taken + partBytes - filled);
        buffer.set(piece, filled);
        filled += piece.byteLength;
        taken += piece.byteLength;
      }
      total += chunk.byteLength;
    }
    abortSignal.throwIfAborted();
    if (partCount === 0) {
      await s3.send(new PutObjectCommand({ ...target, Body: buffer.subarray(0, filled) }), { abortSignal });
      return total;
    }
    await enqueue(buffer, filled);
    await Promise.all(sending);
    const { Bucket, Key } = target;
    parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const complete = { Bucket, Key, UploadId: uploadId, MultipartUpload: { Parts: parts } };
    await s3.send(new CompleteMultipartUploadCommand(complete), { abortSignal });
    return total;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(sending);
    if (uploadId !== undefined) {
      const { Bucket, Key } = target;
      // What cannot be aborted now is left to the bucket's lifecycle rule.
      await s3
        .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: uploadId }))
        .catch(() => undefined);
    }
    // The first reason counts: what follows it are only requests that were stopped.
    abortSignal.throwIfAborted();
    throw error;
  }
}
