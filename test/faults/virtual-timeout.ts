interface Schedule {
  readonly delayMs: number;
  readonly repeats: boolean;
  readonly isTick: boolean;
  readonly now: () => number;
}

/** A timer of a virtual clock, as far as those who set timers look at it. */
export class VirtualTimeout {
  readonly isTick: boolean;
  dueAtMs: number;
  readonly #timers: Set<VirtualTimeout>;
  readonly #callback: () => void;
  readonly #schedule: Schedule;

  constructor(timers: Set<VirtualTimeout>, callback: () => void, schedule: Schedule) {
    this.#timers = timers;
    this.#callback = callback;
    this.#schedule = schedule;
    this.isTick = schedule.isTick;
    this.dueAtMs = schedule.now() + schedule.delayMs;
    timers.add(this);
  }

  fire(nowMs: number): void {
    if (this.#schedule.repeats) this.dueAtMs = nowMs + this.#schedule.delayMs;
    else this.#timers.delete(this);
    this.#callback();
  }

  refresh(): this {
    this.dueAtMs = this.#schedule.now() + this.#schedule.delayMs;
    this.#timers.add(this);
    return this;
  }

  close(): this {
    this.#timers.delete(this);
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
