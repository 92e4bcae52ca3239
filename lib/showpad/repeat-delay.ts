import { jitterMs, showpadCalls } from '../retry-rules.ts';
import { ShowpadError } from './errors.ts';
import type { Method } from './errors.ts';

/**
 * How long to wait before a call that failed is made again, with full jitter; null when it is not to be, because
 * repeating it could do harm, cannot help, or takes so long that it is for the caller to decide.
 * @param repeat how often it has been repeated already
 */
export function repeatDelayMs(
  call: {
    readonly method: Method;
    readonly idempotent?: boolean;
    readonly signal?: AbortSignal | undefined;
  },
  error: unknown,
  {
    repeat,
    elapsedMs,
    random,
  }: { readonly repeat: number; readonly elapsedMs: number; readonly random: () => number },
): number | null {
  const idempotent = call.idempotent ?? call.method === 'GET';
  if (!idempotent || repeat >= showpadCalls.mostRepeats || call.signal?.aborted === true) return null;
  if (!(error instanceof ShowpadError) || !error.retryable || error.kind === 'protocol') return null;
  const { retryAfterSeconds } = error;
  if (error.status === 429 && retryAfterSeconds === null) return null;
  if (retryAfterSeconds !== null && retryAfterSeconds > showpadCalls.longestRetryAfterSeconds) return null;
  const delayMs = (retryAfterSeconds ?? 0) * 1000 + jitterMs(repeat, showpadCalls, random);
  return elapsedMs + delayMs > showpadCalls.togetherMs ? null : delayMs;
}
