import { setTimeout as pause } from 'node:timers/promises';
import { jitterMs, sourceRequests } from './retry-rules.ts';
import { SourceError } from './source-error.ts';

export type RetryOptions = {
  signal: AbortSignal | undefined;
  random: () => number;
  sleep: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
};

/** Waits, unless the signal ends it. */
export async function waitBetween(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  await pause(delayMs, undefined, signal === undefined ? {} : { signal });
}

function passesSoon(error: unknown): error is SourceError {
  return (
    error instanceof SourceError &&
    error.retryable &&
    (error.retryAfterSeconds ?? 0) * 1000 <= sourceRequests.longestCeilingMs
  );
}

/**
 * Runs `operation` up to `attempts` times while it fails with a retryable SourceError that asks for no more than
 * 2 s of patience. Between attempts it waits with full jitter: a random part of 200 ms doubled with every failure,
 * 2 s at most, and not less than Retry-After. The last error is thrown.
 */
export async function retryQuickly<T>(
  attempts: number,
  options: RetryOptions,
  operation: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await operation();
    } catch (error) {
      if (!passesSoon(error) || failures >= attempts) throw error;
      const backoffMs = jitterMs(failures - 1, sourceRequests, options.random);
      await options.sleep(Math.max(backoffMs, (error.retryAfterSeconds ?? 0) * 1000), options.signal);
    }
  }
}
