import { Readable } from 'node:stream';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { transfers } from '../retry-rules.ts';
import { ShowpadError } from './errors.ts';
import type { Method, Operation } from './errors.ts';
import { transportFailure } from './failure.ts';
import { watchTransfer } from './transfer-watch.ts';
import type { Transfer, TransferLimits } from './transfer-watch.ts';

/** A body that is made while it is sent, and so can be sent only once. */
export interface StreamedBody extends Transfer {
  /** Whether the last byte has been handed over; before that the request has no effect. */
  readonly isComplete: boolean;
  slices(): AsyncIterable<Uint8Array>;
}

export interface TransmissionLimits extends Partial<TransferLimits> {
  /** From the last byte to the headers of the answer, and again for its body; 120 s by default. */
  readonly answerTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the binary went on their way, however it ended. */
  readonly onEnd?: (handedBytes: number) => void;
}

export interface Transmission extends TransmissionLimits {
  readonly operation: Operation;
  readonly method: Method;
  readonly url: string | URL;
  /** With the Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: StreamedBody;
}

/**
 * One HTTP request with a streamed body: one try, no redirects. An answer that comes before the whole body was
 * sent is an answer; `read` judges it.
 * @throws ShowpadError `TransferTooSlow` when it stalled (30 s) or ran below 64 KiB/s for 60 s, whichever side is to
 *   blame; what `read` and the body throw
 */
export async function transmit<T>(
  dispatcher: Dispatcher,
  transmission: Transmission,
  read: (answer: Dispatcher.ResponseData, timeoutMs: number) => Promise<T>,
): Promise<T> {
  const { operation, method, url, headers, body, signal, onEnd } = transmission;
  const { stallTimeoutMs, minimumBytesPerSecond, rateWindowMs, answerTimeoutMs } = {
    ...transfers,
    ...transmission,
  };
  const limits = { stallTimeoutMs, minimumBytesPerSecond, rateWindowMs };
  const stop = new AbortController();
  const unwatch = watchTransfer(body, limits, (reason) => stop.abort(tooSlow(operation, reason)));
  let isAccepted = false;
  try {
    const answer = await request(url, {
      dispatcher,
      method,
      headers,
      body: Readable.from(body.slices(), { objectMode: false, highWaterMark: 1 }),
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    });
    unwatch();
    isAccepted = answer.statusCode < 300;
    return await read(answer, answerTimeoutMs);
  } catch (error) {
    throw transportFailure(error, { operation, signal, sent: body.isComplete || isAccepted });
  } finally {
    unwatch();
    onEnd?.(body.handedBytes);
  }
}

/** The failure of an answer that reports success before the whole body was sent. */
export function tooEarly(operation: Operation, status: number): ShowpadError {
  const detail = 'The answer reported success before the whole binary had been sent.';
  return new ShowpadError({ operation, kind: 'protocol', status, title: 'Unexpected answer', detail });
}

function tooSlow(operation: Operation, detail: string): ShowpadError {
  return new ShowpadError({
    operation,
    kind: 'timeout',
    title: 'TransferTooSlow',
    detail,
    outcomeUnknown: false,
  });
}
