import type { DesiredState } from './desired-state.ts';

const largestDesiredBytes = 100_000;

/** The wishes for one asset are more than can be kept; nothing was stored. */
export class StateTooLargeError extends Error {
  override readonly name = 'StateTooLargeError';
}

/**
 * DynamoDB's items end at 400 KB, and one holds the desired state about three times.
 * @throws {StateTooLargeError}
 */
export function assertStorable(key: string, desired: DesiredState): void {
  const bytes = Buffer.byteLength(JSON.stringify(desired));
  if (bytes <= largestDesiredBytes) return;
  throw new StateTooLargeError(
    `All that events have asked for ${key} comes to ${bytes} bytes; at most ${largestDesiredBytes} can be kept.`,
  );
}
