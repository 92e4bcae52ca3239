import { setTimeout as delay } from 'node:timers/promises';
import { chance, choice } from './chance.ts';

/** What the moments of cuts are counted by: it is not the clock's fault when a machine is slow. */
export type Counted = 'deliveries accepted' | 'requests to Showpad' | 'files fetched';

/** When the power goes: so many of these after the start of a life, and a little later. */
export interface Moment {
  readonly after: number;
  readonly counted: Counted;
  readonly pauseMs: number;
  /** The next start is cut as well, so long after it was begun; null when it is not. */
  readonly restartCutMs: number | null;
}

const longestPauseMs = 60;
const idleMs = 3_000;
const longestRestartMs = 2_500;

/** @param eventsOfLife how many events are sent in each life, so that each moment comes */
export function momentsOf(
  seed: number,
  cuts: number,
  eventsOfLife: number,
  countable: readonly [Counted, ...Counted[]],
): Moment[] {
  const most: Readonly<Record<Counted, number>> = {
    'deliveries accepted': eventsOfLife,
    'requests to Showpad': eventsOfLife * 2,
    'files fetched': eventsOfLife / 4,
  };
  const restart = Math.floor(chance(seed, 'which restart') * cuts);
  return Array.from({ length: cuts }, (_, index) => {
    const counted = choice(countable, seed, 'counted', index);
    const dice = (what: string) => chance(seed, what, index);
    return {
      after: 1 + Math.floor(dice('after') * most[counted]),
      counted,
      pauseMs: dice('whether a pause') < 0.5 ? 0 : Math.round(dice('pause') * longestPauseMs),
      restartCutMs: index === restart ? Math.round(dice('restart') * longestRestartMs) : null,
    };
  });
}

/** Counts what happens, and tells when a moment has come. */
export class CutTrigger {
  #armed: { readonly moment: Moment; left: number; readonly come: () => void } | undefined;

  count(counted: Counted): void {
    const armed = this.#armed;
    if (armed === undefined || armed.moment.counted !== counted) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    this.#armed = undefined;
    armed.come();
  }

  /** Counts from now on, and settles at the moment, or when it can no longer be expected to come. */
  async moment(moment: Moment, allIsSent: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#armed = { moment, left: moment.after, come: resolve };
    await Promise.race([promise, allIsSent.then(() => delay(idleMs))]);
    this.#armed = undefined;
    if (moment.pauseMs > 0) await delay(moment.pauseMs);
  }
}

export function nameOf({ after, counted, pauseMs, restartCutMs }: Moment): string {
  const again = restartCutMs === null ? '' : `, and the next start ${restartCutMs} ms after it began`;
  return `${pauseMs} ms after ${after} ${counted}${again}`;
}
