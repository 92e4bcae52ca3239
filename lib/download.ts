import type { Dispatcher } from 'undici';
import type { ContentDigest } from './content-digest.ts';
import { refuseDeclaredType } from './content-inspection.ts';
import { sourceRequests, transfers } from './retry-rules.ts';
import { readRepresentation, type ExpectedFile, type Representation } from './source-answer.ts';
import { readContent } from './source-content.ts';
import { describeUrl, SourceError } from './source-error.ts';
import { discardBody, requestSource, type Authorization } from './source-request.ts';
import { retryQuickly, waitBetween } from './source-retry.ts';
import { parseSourceUrl } from './source-url.ts';

export type DownloadOptions = {
  /** Makes the connections; it is what keeps them to public addresses. */
  dispatcher: Dispatcher;
  /** Lets private addresses pass, and redirects from https to http: for a stack on one machine. */
  allowPrivateAddresses: boolean;
  maxBytes: number;
  expected?: ExpectedFile | undefined;
  /** The media types that the source may send, such as `application/pdf` and `image/*`; all of them by default. */
  allowedTypes?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  /** Where the file is an API's own answer: goes to its origin only. */
  authorization?: Authorization | undefined;
  /** From the request to the headers of its answer. */
  headersTimeoutMs?: number;
  /** Longest silence within a body. */
  idleTimeoutMs?: number;
  minimumBytesPerSecond?: number;
  /** The time of waiting for bytes over which the minimum rate is averaged. */
  minimumRateWindowMs?: number;
  maxRedirects?: number;
  /** Requests made for the first answer when the source fails in a way that may pass within seconds. */
  connectAttempts?: number;
  /** Ranged requests made, for the whole download, to go on after an interruption. */
  resumeAttempts?: number;
  now?: () => number;
  random?: () => number;
  sleep?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
};

export type Download = {
  /**
   * The whole content, once. It throws a SourceError instead of ending when anything is wrong with it, so whoever
   * saw it end has seen every byte, of the announced size and checksums. Stopping early closes the connection.
   */
  body: AsyncGenerator<Buffer, void, undefined>;
  /** Bytes of the content, when the source or the event told them beforehand. */
  size: number | null;
  /** The media type the source answered with, without parameters. */
  mediaType: string | null;
  /** Bytes and checksums of the content; throws before `body` has ended. */
  result(): ContentDigest;
  /** Closes the connection of a download that will not be read. */
  discard(): void;
};

/** How a source is read where its caller says nothing else. */
export const downloadDefaults = {
  expected: undefined,
  allowedTypes: undefined,
  signal: undefined,
  authorization: undefined,
  headersTimeoutMs: sourceRequests.headersTimeoutMs,
  idleTimeoutMs: transfers.stallTimeoutMs,
  minimumBytesPerSecond: transfers.minimumBytesPerSecond,
  minimumRateWindowMs: transfers.rateWindowMs,
  maxRedirects: 5,
  connectAttempts: sourceRequests.connectAttempts,
  resumeAttempts: sourceRequests.resumeAttempts,
  now: Date.now,
  random: Math.random,
  sleep: waitBetween,
};

/**
 * Opens a stranger's URL as a stream of exactly the file's bytes. It resolves when a 200 has arrived whose headers
 * can be trusted and fit what was announced; the bytes are judged while they are read.
 *
 * - http and https without credentials; redirects are followed by hand and judged like the URL itself.
 * - The end of the content must be known: by Content-Length, by chunked coding (a cut before its terminator is an
 *   error of the HTTP parser), or by an announced size or hash. Else the answer is refused.
 * - An interruption is resumed by a ranged GET when the source gave a strong validator or a hash was announced.
 *
 * @throws {SourceError} here and from `body`; an abort of `signal` is thrown as its reason
 */
export async function download(url: string, options: DownloadOptions): Promise<Download> {
  const settled = { ...downloadDefaults, ...options, expected: options.expected ?? {} };
  const start = parseSourceUrl(url, options.allowPrivateAddresses);
  assertSize(start, settled.expected.size ?? null, options.maxBytes);
  const foreign = refuseDeclaredType(settled);
  if (foreign !== null) throw new SourceError(foreign.code, `${describeUrl(start)} ${foreign.message}`);

  const answer = await retryQuickly(settled.connectAttempts, settled, () => requestSource(start, settled));
  try {
    const representation = readRepresentation(answer.url, answer.headers);
    assertTrustworthy(start, representation, settled.expected);
    assertSize(start, representation.contentLength, options.maxBytes);
    return {
      ...readContent(start, answer, representation, settled),
      size: representation.contentLength ?? settled.expected.size ?? null,
      mediaType: representation.mediaType,
    };
  } catch (error) {
    discardBody(answer.body);
    throw error;
  }
}

function assertSize(url: URL, bytes: number | null, maxBytes: number): void {
  const place = describeUrl(url);
  if (bytes === 0) throw new SourceError('FILE_EMPTY', `${place} is an empty file.`);
  if (bytes !== null && bytes > maxBytes) {
    throw new SourceError('FILE_TOO_LARGE', `${place} has ${bytes} bytes; at most ${maxBytes} are accepted.`);
  }
}

function assertTrustworthy(url: URL, representation: Representation, expected: ExpectedFile): void {
  const { contentLength, endIsMarked } = representation;
  if (expected.size !== undefined && contentLength !== null && contentLength !== expected.size) {
    const message = `${describeUrl(url)} has ${contentLength} bytes; the event announced ${expected.size}.`;
    throw new SourceError('SIZE_MISMATCH', message);
  }
  const isAnnounced = [expected.size, expected.md5, expected.sha256].some((value) => value !== undefined);
  if (!endIsMarked && !isAnnounced) {
    const message = `${describeUrl(url)} does not tell how long the file is, so a cut would go unseen.`;
    throw new SourceError('SOURCE_UNUSABLE', `${message} Send its size, md5 or sha256 in the event.`);
  }
}
