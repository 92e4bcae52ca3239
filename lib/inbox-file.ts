import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { downloadDefaults, type Download, type DownloadOptions } from './download.ts';
import { readContent } from './source-content.ts';
import { SourceError } from './source-error.ts';
import type { StagedObject } from './staging.ts';

/**
 * Opens a file that waits in the inbox bucket, named as `s3://{bucket}/files/{source}/…` or
 * `s3://{bucket}/inbox/{source}/…`, as a stream that is judged like that of any source.
 * A source reaches what was put there for it, and nothing else.
 * @throws {SourceError} here and from the body
 */
export async function openInboxFile(
  address: string,
  source: string,
  { s3, bucket }: Omit<StagedObject, 'key'>,
  options: DownloadOptions,
): Promise<Download> {
  const url = new URL(address);
  const key = decodeURIComponent(url.pathname.slice(1));
  const isOwn = ['files', 'inbox'].some((folder) => key.startsWith(`${folder}/${source}/`));
  if (url.host !== bucket || !isOwn) {
    throw new SourceError('SOURCE_FORBIDDEN', `${address} is not among the files of the source “${source}”.`);
  }
  const answer = await s3
    .send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      options.signal === undefined ? {} : { abortSignal: options.signal },
    )
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== 'NoSuchKey') throw error;
      throw new SourceError('SOURCE_NOT_FOUND', `${address} is not in the inbox bucket.`);
    });
  const { Body: body, ContentLength: size } = answer;
  if (!(body instanceof Readable) || size === undefined)
    throw new Error(`S3 answered for ${key} without a stream.`);
  const settled = { ...downloadDefaults, ...options, expected: options.expected ?? {} };
  if (size > options.maxBytes) {
    body.destroy();
    throw new SourceError(
      'FILE_TOO_LARGE',
      `${address} has ${size} bytes; at most ${options.maxBytes} are accepted.`,
    );
  }
  const representation = {
    contentLength: size,
    endIsMarked: true,
    mediaType: null,
    validator: null,
    // An interruption is a matter for the next try: what is resumed is what a server offers.
    acceptsRanges: false,
  };
  const content = readContent(url, { url, status: 200, headers: {}, body }, representation, settled);
  return { ...content, size, mediaType: null };
}
