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
  /** Logs and counts one thing that was found. */
  readonly swept: (kind: SweptKind, details: Readonly<Record<string, unknown>>) => void;
}

export type SweepPart = (sweep: Sweep) => Promise<void>;

const reserveMs = 15_000;

/**
 * Runs the parts one after the other, unless another invocation does so. A part that fails holds up no other.
 * @throws {AggregateError} in the end, when a part has failed
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
    try {
      await part({ services, progress, swept, isTimeUp: () => remainingMs() <= end });
      await services.sweepState.save(lease, progress);
    } catch (error) {
      failures.push(error);
    }
  }
  await services.sweepState.end(lease);
  services.telemetry.sweepEnded(counts, failures.length);
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} parts of the sweep failed.`);
}
