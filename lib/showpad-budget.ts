import type { Budget } from './showpad/budget.ts';

const quietMs = 300_000;

/** What API v3 last said of the calls it still allows, as far as this container has heard. */
export class ShowpadBudget {
  readonly #reservePercent: number;
  readonly #now: () => number;
  #scarceUntil = Number.NEGATIVE_INFINITY;

  /** @param reservePercent the share of the calls that is to be left, of a hundred */
  constructor(reservePercent: number, now: () => number = Date.now) {
    this.#reservePercent = reservePercent;
    this.#now = now;
  }

  note({ limit, remaining }: Budget): void {
    if (limit === null || remaining === null || limit <= 0) return;
    const isScarce = remaining * 100 < limit * this.#reservePercent;
    this.#scarceUntil = isScarce ? this.#now() + quietMs : Number.NEGATIVE_INFINITY;
  }

  /** How long to hold back what can wait: 0 while there are calls enough. */
  waitSeconds(): number {
    return Math.max(0, Math.ceil((this.#scarceUntil - this.#now()) / 1_000));
  }
}
