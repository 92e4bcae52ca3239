import { farewellMs } from './retry-rules.ts';

/** A transfer that was measured: of a whole file, or of as much of it as went before the invocation ended. */
export interface Measure {
  readonly fileBytes: number;
  readonly movedBytes: number;
  readonly elapsedMs: number;
  readonly isWhole: boolean;
}

export interface TimeToTransfer {
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** What is left of this invocation, and what a fresh one has. */
  readonly remainingMs: number;
  readonly wholeMs: number;
}

/** Below this size a transfer says more of latency than of rate, and always ends in time. */
export const leastMeasuredBytes = 1024 * 1024;
/** What buffers swallow in the first moments is no rate. */
const leastCutOffMs = 5_000;
/** For what comes before and after the bytes, beside the farewell of the invocation: opening both ends, the answer. */
const mostMarginMs = 20_000;
const marginShare = 0.1;
const sizesInClass = 4;

/**
 * Files of one class are told from each other by a factor of four at most: only a large transfer tells what a
 * larger one would take.
 */
export function sizeClass(bytes: number): number {
  return Math.floor(
    Math.log(Math.max(bytes, leastMeasuredBytes) / leastMeasuredBytes) / Math.log(sizesInClass),
  );
}

/** Bytes per second, or null when the transfer was too small, or too short, to say anything. */
export function rateOf({ fileBytes, movedBytes, elapsedMs, isWhole }: Measure): number | null {
  const isTelling = fileBytes >= leastMeasuredBytes && (isWhole || elapsedMs >= leastCutOffMs);
  return isTelling && movedBytes > 0 ? Math.round((movedBytes * 1_000) / Math.max(1, elapsedMs)) : null;
}

/**
 * Whether a transfer can end in time: `never` when not even a fresh invocation is long enough, `later` when only
 * this one has too little time left.
 */
export function fitsInTime(transfer: TimeToTransfer): 'now' | 'later' | 'never' {
  const { remainingMs, wholeMs } = transfer;
  const neededMs = neededSeconds(transfer) * 1_000;
  const reserveMs = wholeMs - usableMs(wholeMs);
  if (neededMs > usableMs(wholeMs)) return 'never';
  // One that has hardly begun is as good as a fresh one.
  return neededMs > remainingMs - reserveMs && wholeMs - remainingMs > reserveMs ? 'later' : 'now';
}

function usableMs(wholeMs: number): number {
  const workMs = Math.max(0, wholeMs - farewellMs);
  return workMs - Math.min(mostMarginMs, workMs * marginShare);
}

/** What a person reads about a transfer that cannot end in time: size, rate, time needed and time there is. */
export function describeTransfer(what: string, transfer: TimeToTransfer): string {
  const { bytes, bytesPerSecond, wholeMs } = transfer;
  const availableSeconds = Math.floor(usableMs(wholeMs) / 1_000);
  return (
    `The file has ${bytes} bytes. At ${bytesPerSecond} bytes per second, the best rate measured within an hour for ` +
    `a file of such a size, ${what} takes ${Math.ceil(neededSeconds(transfer))} seconds; there are ${availableSeconds}.`
  );
}

function neededSeconds({ bytes, bytesPerSecond }: TimeToTransfer): number {
  return bytes / Math.max(1, bytesPerSecond);
}
