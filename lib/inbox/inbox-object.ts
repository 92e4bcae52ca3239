import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { StagedObject } from '../staging.ts';

type Bucket = Omit<StagedObject, 'key'>;

/** What S3 says of an object, without its bytes. */
export interface ObjectHead {
  readonly mediaType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** To the second; for one that came in parts, when the first of them was announced. */
  readonly lastModified: Date;
}

/**
 * Looks at an object; null when there is none. To who may not list the bucket S3 says 403 then.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export async function headObject({ s3, bucket }: Bucket, key: string): Promise<ObjectHead | null> {
  const answer = await unlessGone(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key })));
  if (answer === null) return null;
  const { ContentType, Metadata = {}, LastModified } = answer;
  return { mediaType: ContentType, metadata: Metadata, lastModified: LastModified ?? new Date(0) };
}

/** Reads a small object; null when there is none, its size when it is larger than that. */
export async function readSmallObject(
  { s3, bucket }: Bucket,
  key: string,
  mostBytes: number,
): Promise<Buffer | number | null> {
  const answer = await unlessGone(s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
  if (answer === null) return null;
  const { Body: body, ContentLength: size = Number.POSITIVE_INFINITY } = answer;
  if (!(body instanceof Readable)) throw new Error(`S3 answered for ${key} without a stream.`);
  if (size <= mostBytes) return buffer(body);
  body.destroy();
  return size;
}

async function unlessGone<Answer>(call: Promise<Answer>): Promise<Answer | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && ['NotFound', 'NoSuchKey'].includes(error.name)) return null;
    throw error;
  }
}
