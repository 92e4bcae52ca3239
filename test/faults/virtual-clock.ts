import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { installedTime, type InstalledTime } from './installed-time.ts';
import { VirtualTimeout } from './virtual-timeout.ts';

/** Shorter waits are yields, which nobody's outcome depends on: they take their real time. */
const shortestVirtualMs = 1;
/** Quicker intervals only look whether something has become due: they tick with the jumps, and cause none. */
const shortestTickMs = 100;
/** What becomes due so shortly after one another becomes due together. */
const togetherMs = 100;
/** How far to jump where something is waited for that no timer tells of: further and further. */
const firstLeapMs = 1_000;
const longestLeapMs = 30_000;
/** The process does nothing when its event loop has slept through this many looks of a millisecond. */
const calmLooks = 2;
const mostActiveMs = 0.4;

/**
 * The time of this process, which stands still while anything computes, and jumps to the next timer when nothing
 * does: waiting costs nothing, and however busy the machine is, nothing comes later than it should. `Date`,
 * `setTimeout`, `setInterval`, `AbortSignal.timeout` and `performance.now` follow it for as long as it is installed.
 */
export class VirtualClock {
  readonly #real: InstalledTime = installedTime();
  readonly #timers = new Set<VirtualTimeout>();
  readonly #mayLeap: () => boolean;
  #elapsedMs = 0;
  #leapMs = firstLeapMs;
  #waiting: (() => void)[] = [];
  readonly #deadlines = new AsyncLocalStorage<Set<VirtualTimeout>>();
  #isInstalled = true;
  readonly #startedAt = this.#real.now();
  readonly #ticking: Promise<void>;

  /** @param mayLeap whether something is waited for that no timer tells of */
  constructor(mayLeap: () => boolean) {
    this.#mayLeap = mayLeap;
    this.#install();
    this.#ticking = this.#tick();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#startedAt + this.#elapsedMs;
  }

  /** How much time has passed, in milliseconds. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Notes that something becomes due, which no timer tells of. */
  expect(inMs: number): void {
    if (inMs > 0) this.#start(() => undefined, inMs);
  }

  /** Settles when time has passed, and what that brought about has come to its end. */
  nextMoment(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Runs a task; the signals that it had aborted after a while are forgotten at its end, with whoever held them. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    const deadlines = new Set<VirtualTimeout>();
    try {
      return await this.#deadlines.run(deadlines, task);
    } finally {
      for (const deadline of deadlines) deadline.close();
    }
  }

  /** Gives the process its own time back. */
  async uninstall(): Promise<void> {
    this.#isInstalled = false;
    await this.#ticking;
    this.#real.restore();
    syncBuiltinESMExports();
    for (const timer of this.#timers) timer.close();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #tick(): Promise<void> {
    while (this.#isInstalled) {
      await this.#calm();
      const waiting = this.#waiting.splice(0);
      for (const resolve of waiting) resolve();
      if (waiting.length > 0) await this.#calm();
      this.#jump();
    }
  }

  async #calm(): Promise<void> {
    for (let looks = 0; looks < calmLooks;) {
      const before = performance.eventLoopUtilization();
      await this.#real.pause(1);
      looks = performance.eventLoopUtilization(before).active < mostActiveMs ? looks + 1 : 0;
    }
  }

  #jump(): void {
    const causes = [...this.#timers].filter(({ isTick }) => !isTick);
    const next = Math.min(...causes.map(({ dueAtMs }) => dueAtMs));
    const leap = this.#mayLeap() ? this.#elapsedMs + this.#leapMs : Infinity;
    const until = Math.min(next + togetherMs, leap);
    if (until === Infinity) return;
    this.#leapMs = next <= leap ? firstLeapMs : Math.min(longestLeapMs, 2 * this.#leapMs);
    for (;;) {
      const due = [...this.#timers].filter(({ dueAtMs, isTick }) => dueAtMs <= until && !isTick);
      const first = due.toSorted((left, right) => left.dueAtMs - right.dueAtMs)[0];
      if (first === undefined) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, first.dueAtMs);
      first.fire(this.#elapsedMs);
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, until);
    for (const tick of this.#timers) if (tick.isTick) tick.fire(this.#elapsedMs);
  }

  #start(callback: () => void, delayMs: number, repeats = false): VirtualTimeout {
    const delay = Math.max(1, Number.isFinite(delayMs) ? delayMs : 1);
    const isTick = repeats && delay < shortestTickMs;
    const timer = new VirtualTimeout(this.#timers, AsyncResource.bind(callback), {
      delayMs: delay,
      repeats,
      isTick,
      now: () => this.#elapsedMs,
    });
    return timer;
  }

  #install(): void {
    const real = this.#real;
    const now = (): number => this.now();
    const wait = (delayMs: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          timer.close();
          reject(new DOMException('The operation was aborted', 'AbortError'));
        };
        const timer = this.#start(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        }, delayMs);
        if (signal?.aborted === true) stop();
        else signal?.addEventListener('abort', stop, { once: true });
      });
    real.replace({
      now,
      elapsedMs: () => this.#elapsedMs,
      setTimeout: (callback, delayMs, ...values) =>
        delayMs < shortestVirtualMs
          ? null
          : this.#start(() => {
              callback(...values);
            }, delayMs),
      setInterval: (callback, delayMs, ...values) =>
        this.#start(
          () => {
            callback(...values);
          },
          delayMs,
          true,
        ),
      abortAfter: (delayMs) => {
        const abort = new AbortController();
        const deadline = this.#start(() => {
          abort.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        }, delayMs);
        this.#deadlines.getStore()?.add(deadline);
        return abort.signal;
      },
    });
    const pause: typeof timersPromises.setTimeout = async (delayMs = 1, value, options = {}) => {
      if (delayMs < shortestVirtualMs) return real.pause(delayMs, value, options);
      await wait(delayMs, options.signal);
      return value as never;
    };
    timersPromises.setTimeout = pause;
    syncBuiltinESMExports();
  }
}
