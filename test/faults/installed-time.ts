import timersPromises from 'node:timers/promises';
import { VirtualTimeout } from './virtual-timeout.ts';

type Callback = (...values: unknown[]) => void;

/** What a process may have instead of its own time. A timer that is null is left to the process. */
export interface OtherTime {
  readonly now: () => number;
  readonly elapsedMs: () => number;
  readonly setTimeout: (callback: Callback, delayMs: number, ...values: unknown[]) => VirtualTimeout | null;
  readonly setInterval: (callback: Callback, delayMs: number, ...values: unknown[]) => VirtualTimeout;
  readonly abortAfter: (delayMs: number) => AbortSignal;
}

/** The time that the process has by itself, and the ways to replace it and to get it back. */
export interface InstalledTime {
  readonly now: () => number;
  readonly pause: typeof timersPromises.setTimeout;
  readonly replace: (other: OtherTime) => void;
  readonly restore: () => void;
}

export function installedTime(): InstalledTime {
  const { Date: RealDate, setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const { setTimeout: pause } = timersPromises;
  const abortAfter = AbortSignal.timeout.bind(AbortSignal);
  const monotonic = performance.now.bind(performance);

  return {
    now: RealDate.now.bind(RealDate),
    pause,
    replace: (other) => {
      const clear = (how: (timer: never) => void) => (timer: unknown) => {
        if (timer instanceof VirtualTimeout) timer.close();
        else how(timer as never);
      };
      const startedAt = monotonic();
      class OtherDate extends RealDate {
        constructor(...parts: []) {
          if (parts.length === 0) super(other.now());
          else super(...parts);
        }

        static override now(): number {
          return other.now();
        }

        static override [Symbol.hasInstance](value: unknown): boolean {
          return Object.prototype.toString.call(value) === '[object Date]';
        }
      }
      Object.assign(globalThis, {
        Date: OtherDate,
        setTimeout: (callback: Callback, delayMs = 1, ...values: unknown[]) =>
          other.setTimeout(callback, delayMs, ...values) ?? setTimeout(callback, delayMs, ...values),
        setInterval: (callback: Callback, delayMs = 1, ...values: unknown[]) =>
          other.setInterval(callback, delayMs, ...values),
        clearTimeout: clear(clearTimeout),
        clearInterval: clear(clearInterval),
      });
      AbortSignal.timeout = other.abortAfter;
      performance.now = () => startedAt + other.elapsedMs();
    },
    restore: () => {
      Object.assign(globalThis, { Date: RealDate, setTimeout, clearTimeout, setInterval, clearInterval });
      AbortSignal.timeout = abortAfter;
      performance.now = monotonic;
      timersPromises.setTimeout = pause;
    },
  };
}
