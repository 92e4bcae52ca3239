import type { Readable } from 'node:stream';
import { startDigest, type ContentDigest } from './content-digest.ts';
import { inspect } from './content-inspection.ts';
import { HeldBeginning } from './held-beginning.ts';
import { continuedTotal, type ExpectedFile, type Representation } from './source-answer.ts';
import { describeUrl, SourceError } from './source-error.ts';
import { asSourceFailure } from './source-refusal.ts';
import {
  discardBody,
  requestSource,
  type SourceAnswer,
  type SourceRequestOptions,
} from './source-request.ts';
import { retryQuickly, type RetryOptions } from './source-retry.ts';
import { startStallWatchdog } from './stall-watchdog.ts';

export type SourceContentOptions = SourceRequestOptions &
  RetryOptions & {
    expected: ExpectedFile;
    allowedTypes?: readonly string[] | undefined;
    maxBytes: number;
    idleTimeoutMs: number;
    minimumBytesPerSecond: number;
    minimumRateWindowMs: number;
    resumeAttempts: number;
  };

type Pieces = AsyncGenerator<Buffer, void, undefined>;

/** A content that is being read: its bytes, their digest once they have ended, and a way to give it up. */
export type SourceContent = { body: Pieces; result(): ContentDigest; discard(): void };

/**
 * Reads a content from its first answer to its verified end, going on by ranged GETs of `url` after interruptions.
 * `body` throws a SourceError instead of ending when the content is cut for good, too slow, too large, empty, or not of
 * the announced size or checksums, and before its first byte when it is not what its name says, or not allowed.
 */
export function readContent(
  url: URL,
  answer: SourceAnswer,
  representation: Representation,
  options: SourceContentOptions,
): SourceContent {
  const { expected } = options;
  const place = describeUrl(url);
  const digest = startDigest();
  const beginning = new HeldBeginning(judge);
  let current = answer.body;
  let total = representation.contentLength;
  let resumes = 0;
  let tooSlow = false;
  let result: ContentDigest | null = null;

  async function resume(interruption: SourceError): Promise<Readable> {
    const { validator, acceptsRanges } = representation;
    const isProvable = validator !== null || expected.md5 !== undefined || expected.sha256 !== undefined;
    const attempts = options.resumeAttempts - resumes;
    if (tooSlow || !interruption.retryable || !acceptsRanges || !isProvable || attempts <= 0)
      throw interruption;

    const range = {
      range: `bytes=${digest.bytes}-`,
      ...(validator === null ? {} : { 'if-range': validator }),
    };
    const next = await retryQuickly(attempts, options, () => {
      resumes += 1;
      return requestSource(url, options, range);
    });
    const continued =
      next.status === 206 ? continuedTotal(next.headers, digest.bytes, total, validator) : null;
    if (continued === null) {
      discardBody(next.body);
      const message = `${place} was cut after ${digest.bytes} bytes and does not offer the rest of the same file.`;
      throw new SourceError('SOURCE_UNREACHABLE', message, { retryable: true, cause: interruption });
    }
    total = continued;
    return next.body;
  }

  function judge(bytes: Buffer): void {
    const { allowedTypes } = options;
    const refusal = inspect({ expected, answered: representation.mediaType, allowedTypes, beginning: bytes });
    if (refusal !== null) throw new SourceError(refusal.code, `${place} ${refusal.message}`);
  }

  function assertNotTooLong(): void {
    if (digest.bytes > options.maxBytes) {
      throw new SourceError(
        'FILE_TOO_LARGE',
        `${place} has more than the ${options.maxBytes} bytes accepted.`,
      );
    }
    if (total !== null && digest.bytes > total) {
      const message = `${place} sent more than the ${total} bytes it has.`;
      throw new SourceError('SIZE_MISMATCH', message, { retryable: true });
    }
    if (expected.size !== undefined && digest.bytes > expected.size) {
      throw new SourceError('SIZE_MISMATCH', `${place} has more than the ${expected.size} bytes announced.`);
    }
  }

  function assertComplete(): ContentDigest {
    if (digest.bytes === 0) throw new SourceError('FILE_EMPTY', `${place} is an empty file.`);
    const complete = digest.result();
    // Another attempt may give the right bytes only where a cut or a splice could have gone unseen.
    const retryable = resumes > 0 || !representation.endIsMarked;
    if (expected.size !== undefined && complete.bytes !== expected.size) {
      const message = `${place} has ${complete.bytes} bytes; the event announced ${expected.size}.`;
      throw new SourceError('SIZE_MISMATCH', message, { retryable });
    }
    for (const algorithm of ['md5', 'sha256'] as const) {
      const announced = expected[algorithm]?.toLowerCase();
      if (announced !== undefined && announced !== complete[algorithm]) {
        const message = `${place} has the ${algorithm} ${complete[algorithm]}; the event announced ${announced}.`;
        throw new SourceError('CHECKSUM_MISMATCH', message, { retryable });
      }
    }
    return complete;
  }

  /** A marked end is the parser's business; an end by closing the connection may be a cut. */
  function assertNotCut(): void {
    const wanted = total ?? (representation.endIsMarked ? null : expected.size);
    if (typeof wanted === 'number' && digest.bytes < wanted) {
      const message = `${place} ended after ${digest.bytes} of ${wanted} bytes.`;
      throw new SourceError('SIZE_MISMATCH', message, { retryable: true });
    }
  }

  async function* pieces(): Pieces {
    const watchdog = startStallWatchdog({
      idleTimeoutMs: options.idleTimeoutMs,
      minimumBytesPerSecond: options.minimumBytesPerSecond,
      windowMs: options.minimumRateWindowMs,
      onStall: (how) => {
        tooSlow = how === 'slow';
        const what = tooSlow
          ? `less than ${options.minimumBytesPerSecond} bytes per second`
          : 'nothing any more';
        const message = `${place} sends ${what}.`;
        current.destroy(new SourceError('SOURCE_UNREACHABLE', message, { retryable: true }));
      },
    });
    try {
      let chunks = current[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
      for (;;) {
        let chunk: Buffer | undefined;
        watchdog.waits();
        try {
          chunk = (await chunks.next()).value;
          if (chunk === undefined) assertNotCut();
        } catch (error) {
          watchdog.received(0);
          const interruption = asSourceFailure(url, error);
          if (!(interruption instanceof SourceError)) throw error;
          current = await resume(interruption);
          chunks = current[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
          continue;
        }
        watchdog.received(chunk?.length ?? 0);
        if (chunk === undefined) break;
        digest.update(chunk);
        assertNotTooLong();
        const judged = beginning.take(chunk);
        if (judged !== null) yield judged;
      }
      const short = beginning.end();
      if (short !== null) yield short;
      result = assertComplete();
    } finally {
      watchdog.stop();
      discardBody(current);
    }
  }

  return {
    body: pieces(),
    result() {
      if (result === null) throw new Error(`${place} has not been read to its end.`);
      return result;
    },
    discard() {
      discardBody(current);
    },
  };
}
