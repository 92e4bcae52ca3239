export type RateWatchdogOptions = {
  minimumBytesPerSecond: number;
  windowMs: number;
  onTooSlow: () => void;
  now?: () => number;
};

/** Watches how fast bytes come while somebody waits for them; a slow reader is never held against the sender. */
export type RateWatchdog = {
  waits(): void;
  received(bytes: number): void;
  stop(): void;
};

/**
 * Calls `onTooSlow` once when, over `windowMs` of waiting, fewer than `minimumBytesPerSecond` arrived on average.
 * `now` is a monotonic clock in milliseconds. A stopped watchdog holds no timer.
 */
export function startRateWatchdog(options: RateWatchdogOptions): RateWatchdog {
  const { windowMs, now = () => performance.now() } = options;
  const minimumBytes = (options.minimumBytesPerSecond * windowMs) / 1000;
  let waitedMs = 0;
  let waitingSince: number | null = null;
  let bytes = 0;

  const judge = (): void => {
    const waited = waitedMs + (waitingSince === null ? 0 : now() - waitingSince);
    if (waited < windowMs) return;
    if (bytes < minimumBytes) {
      clearInterval(timer);
      options.onTooSlow();
    } else {
      bytes = 0;
      waitedMs = 0;
      if (waitingSince !== null) waitingSince = now();
    }
  };
  const timer = setInterval(judge, Math.max(windowMs / 10, 1));
  timer.unref();

  return {
    waits() {
      waitingSince = now();
    },
    received(count) {
      bytes += count;
      if (waitingSince !== null) waitedMs += now() - waitingSince;
      waitingSince = null;
    },
    stop() {
      clearInterval(timer);
    },
  };
}
