export type StallWatchdogOptions = {
  /** Longest wait for the next bytes. */
  idleTimeoutMs: number;
  minimumBytesPerSecond: number;
  /** The time of waiting over which the rate is averaged. */
  windowMs: number;
  onStall: (how: 'silent' | 'slow') => void;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
};

/** Watches how bytes come while somebody waits for them; a slow reader is never held against the sender. */
export type StallWatchdog = {
  waits(): void;
  received(bytes: number): void;
  stop(): void;
};

/**
 * Calls `onStall`, again at every look until bytes come or it is stopped, when nothing has come for `idleTimeoutMs`
 * of waiting ('silent'), or fewer than `minimumBytesPerSecond` on average over `windowMs` of waiting ('slow'). It
 * looks ten times within the shorter of the two. A stopped watchdog holds no timer.
 */
export function startStallWatchdog(options: StallWatchdogOptions): StallWatchdog {
  const { idleTimeoutMs, windowMs, onStall, now = () => performance.now() } = options;
  const minimumBytes = (options.minimumBytesPerSecond * windowMs) / 1000;
  let waitingSince: number | null = null;
  let waitedMs = 0;
  let bytes = 0;

  const look = (): void => {
    if (waitingSince === null) return;
    const waitingMs = now() - waitingSince;
    if (waitingMs >= idleTimeoutMs) {
      onStall('silent');
    } else if (waitedMs + waitingMs >= windowMs) {
      if (bytes < minimumBytes) onStall('slow');
      // The wait that is going on still counts as silence, but the next window starts now.
      waitedMs = -waitingMs;
      bytes = 0;
    }
  };
  const timer = setInterval(look, Math.max(Math.min(idleTimeoutMs, windowMs) / 10, 1));
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
