import { SourceError } from './source-error.ts';

export type RetryOptions = {
  signal: AbortSignal | undefined;
  random: () => number;
  sleep: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
};

const firstBackoffMs = 200;
const longestBackoffMs = 2_000;

function passesSoon(error: unknown): error is SourceError {
  return (
    error instanceof SourceError &&
    error.retryable &&
    (error.retryAfterSeconds ?? 0) * 1000 <= longestBackoffMs
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
      const backoffMs = options.random() * Math.min(firstBackoffMs * 2 ** (failures - 1), longestBackoffMs);
      await options.sleep(Math.max(backoffMs, (error.retryAfterSeconds ?? 0) * 1000), options.signal);
    }
  }
}
