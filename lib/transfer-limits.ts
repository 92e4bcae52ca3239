import { LeaseLostError } from './leases.ts';
import { JobFailure, TryAgain } from './reasons.ts';
import type { Services } from './services.ts';
import { ShowpadError } from './showpad/errors.ts';
import { describeTransfer, fitsInTime } from './transfer-time.ts';
import type { Work } from './work.ts';

/** Where bytes go: to the link of an asset's file, to My Files, or from a source's host to the staging bucket. */
export type Route = 'upload link' | 'My Files' | `source ${string}`;

type Keeping = { readonly services: Pick<Services, 'transferRates' | 'logger'> };
type Transferring = Keeping & Pick<Work, 'remainingMs' | 'wholeMs' | 'attempt'>;

/** A link to upload to lives for a quarter of an hour. */
const linkMs = 900_000;
const mostPutOffs = 10;
const nearlyWhole = 0.8;
/** What comes from elsewhere, although time was up as well. */
const saysMore = [JobFailure, TryAgain, LeaseLostError];

/**
 * Looks, before anything is begun, whether a transfer can end in time at the rate that was measured. Where nothing
 * was measured it is tried.
 * @throws {JobFailure} TOO_LARGE_FOR_WORKER when not even a fresh invocation would be long enough
 * @throws {TryAgain} when only this invocation has too little time left
 */
export async function assertFitsInTime(work: Transferring, route: Route, bytes: number): Promise<void> {
  const { services, attempt } = work;
  const bytesPerSecond = await services.transferRates.best(route, bytes);
  if (bytesPerSecond === null) return;
  const limitMs = route === 'upload link' ? linkMs : Number.POSITIVE_INFINITY;
  const wholeMs = Math.min(work.wholeMs, limitMs);
  const remainingMs = Math.min(work.remainingMs(), limitMs);
  const transfer = { bytes, bytesPerSecond, remainingMs, wholeMs };
  const verdict = fitsInTime(transfer);
  if (verdict === 'never') {
    const what = route.startsWith('source ') ? 'fetching it' : 'sending it';
    throw new JobFailure('TOO_LARGE_FOR_WORKER', describeTransfer(what, transfer));
  }
  // What never gets a whole invocation is tried in the end all the same.
  if (verdict === 'later' && attempt < mostPutOffs) {
    throw new TryAgain('too little time is left to move the file', 1);
  }
}

/**
 * Tells a story that moves a file, once it is known to fit. What is cut off by the end of a whole invocation all
 * the same, and not for the first time, is not tried for ever.
 * @param bytes null when nobody knows how long the file is
 * @throws {JobFailure} TOO_LARGE_FOR_WORKER
 * @throws {TryAgain} when only this invocation has too little time left
 */
export async function inTime<T>(
  work: Transferring & Pick<Work, 'signal'>,
  route: Route,
  bytes: number | null,
  story: () => Promise<T>,
): Promise<T> {
  if (bytes !== null) await assertFitsInTime(work, route, bytes);
  const hasWhole = work.remainingMs() >= work.wholeMs * nearlyWhole;
  try {
    return await story();
  } catch (error) {
    const isCutOff = work.signal.aborted && hasWhole && !saysMore.some((kind) => error instanceof kind);
    const mayHaveArrived = error instanceof ShowpadError && error.outcomeUnknown;
    if (!isCutOff || mayHaveArrived || work.attempt === 0) throw error;
    const seconds = Math.round(work.wholeMs / 1_000);
    throw new JobFailure(
      'TOO_LARGE_FOR_WORKER',
      `The end of an invocation, after ${seconds} seconds, cut the file off while it was moved, and not for the first time.`,
    );
  }
}

/**
 * Moves bytes, and remembers how fast they went: also when the end of the invocation cut them off, so that the next
 * try knows better.
 * @param move tells how many bytes went
 */
export async function measureTransfer<T>(
  { services, signal }: Keeping & Pick<Work, 'signal'>,
  route: Route,
  fileBytes: number,
  move: (onEnd: (movedBytes: number) => void) => Promise<T>,
  now: () => number = () => performance.now(),
): Promise<T> {
  const startedAt = now();
  let movedBytes = 0;
  let isWhole = false;
  try {
    const result = await move((bytes) => {
      movedBytes = bytes;
    });
    isWhole = true;
    return result;
  } finally {
    if (isWhole || signal.aborted) {
      const measure = { fileBytes, movedBytes, elapsedMs: now() - startedAt, isWhole };
      await services.transferRates.note(route, measure).catch((error: unknown) => {
        services.logger.warn('a measured rate could not be kept', { route, error: String(error) });
      });
    }
  }
}
