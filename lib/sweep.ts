import type { Invocation } from './handlers.ts';
import type { Services } from './services.ts';
import type { SweepProgress } from './sweep-state.ts';
import type { SweptKind } from './telemetry.ts';

/** One run of the sweeper, as its parts see it. */
export interface Sweep {
  readonly services: Services;
  /** How far it has come; a part writes where it goes on. */
  readonly progress: SweepProgress;
  /** Whether the part has had its share of the time: what is left is done the next time. */
  readonly isTimeUp: () => boolean;
  /** Logs what could not be looked after, so that it holds up nothing else; the sweep fails in its end. */
  readonly failed: (error: unknown, details: Readonly<Record<string, unknown>>) => void;
  /** Logs and counts one thing that was found. */
  readonly swept: (kind: SweptKind, details: Readonly<Record<string, unknown>>) => void;
}

export type SweepPart = (sweep: Sweep) => Promise<void>;

const reserveMs = 15_000;

/**
 * Runs the parts one after the other, unless another invocation does so. A part that fails holds up no other.
 * @throws {AggregateError} in the end, when something has failed
 * @throws {LeaseLostError} at once, when another invocation has taken over
 */
export async function runSweep(
  { services, remainingMs }: Invocation,
  parts: readonly SweepPart[],
): Promise<void> {
  const begun = await services.sweepState.begin(remainingMs());
  if (begun === null) return;
  const { lease, progress } = begun;
  const counts: Partial<Record<SweptKind, number>> = {};
  const swept: Sweep['swept'] = (kind, details) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    services.telemetry.swept(kind, details);
  };
  const failures: unknown[] = [];
  for (const [index, part] of parts.entries()) {
    const share = Math.max(0, remainingMs() - reserveMs) / (parts.length - index);
    const end = remainingMs() - share;
    const failed: Sweep['failed'] = (error, details) => {
      failures.push(error);
      services.logger.error('sweep failed', {
        ...details,
        error: error instanceof Error ? error : new Error(String(error)),
      });
    };
    try {
      await part({ services, progress, swept, failed, isTimeUp: () => remainingMs() <= end });
    } catch (error) {
      failed(error, {});
    }
    await services.sweepState.save(lease, progress);
  }
  await services.sweepState.end(lease);
  services.telemetry.sweepEnded(counts, failures.length);
  if (failures.length > 0) {
    const more = failures.length > 1 ? `, and ${failures.length - 1} more` : '';
    throw new AggregateError(failures, `The sweep could not do everything: ${String(failures[0])}${more}`);
  }
}
