import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { StagedObject } from '../staging.ts';

/** The file of an import is not what it was, or not there: it cannot go on. */
export class ManifestGoneError extends Error {
  override readonly name = 'ManifestGoneError';
}

export type Inbox = Omit<StagedObject, 'key'>;

/**
 * Opens the very version of a manifest that an import has begun with, from a byte on. The caller reads it to its end
 * or stops the iteration.
 * @throws {ManifestGoneError} when there is another, or none
 */
export async function openManifest(
  { s3, bucket }: Inbox,
  { key, etag }: { readonly key: string; readonly etag?: string | undefined },
  offset: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  try {
    const answer = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(etag !== undefined && { IfMatch: `"${etag}"` }),
        ...(offset > 0 && { Range: `bytes=${offset}-` }),
      }),
      { abortSignal: signal },
    );
    const { Body: body, ETag } = answer;
    if (!(body instanceof Readable)) throw new Error(`S3 answered for ${key} without a stream.`);
    if (etag !== undefined && ETag?.replaceAll('"', '') !== etag) {
      body.destroy();
      throw new ManifestGoneError(
        'The manifest was replaced while it was imported. Import the new one by itself.',
      );
    }
    return body as AsyncIterable<Buffer>;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    // Behind the last byte there is nothing.
    if (name === 'InvalidRange') return Readable.from([]);
    if (name === 'PreconditionFailed')
      throw new ManifestGoneError(
        'The manifest was replaced while it was imported. Import the new one by itself.',
      );
    if (name === 'NoSuchKey') throw new ManifestGoneError('The manifest is not in the bucket any more.');
    throw error;
  }
}

/** Writes a small object whole. */
export async function writeObject({ s3, bucket }: Inbox, key: string, body: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

/** Reads a small object whole. */
export async function readObject({ s3, bucket }: Inbox, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString()) ?? '';
}

/** Where an import keeps what it notes. */
export function importObject(id: string, name: string): string {
  return `imports/${id}/${name}`;
}

/** The notes of a slice. */
export function sliceObject(id: string, slice: number): string {
  return importObject(id, `rows/${String(slice).padStart(8, '0')}.jsonl`);
}
