import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { StagedObject } from './staging.ts';

/**
 * A link that lets whoever has it put this object, for a time, and nothing else. It lets in what the function's own
 * role may do, and ends with its credentials.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
 */
export function presignUpload({ s3, bucket, key }: StagedObject, expiresIn: number): Promise<string> {
  return getSignedUrl(s3, new PutObjectCommand({ Bucket: bucket, Key: key }), { expiresIn });
}

/** A link that lets whoever has it read this object, for a time. */
export function presignDownload({ s3, bucket, key }: StagedObject, expiresIn: number): Promise<string> {
  return getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn });
}
