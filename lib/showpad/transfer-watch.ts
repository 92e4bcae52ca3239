export interface TransferLimits {
  /** How long not a byte may move. */
  readonly stallTimeoutMs: number;
  /** The least that must move, on average over any `rateWindowMs`. */
  readonly minimumBytesPerSecond: number;
  readonly rateWindowMs: number;
}

export interface Transfer {
  readonly handedBytes: number;
  readonly waitingFor: 'nobody' | 'source' | 'target';
}

/**
 * Watches a transfer while it waits for its source or its target, and calls `onTooSlow` once when it stalls or
 * falls below the minimum rate. Call what it returns to stop watching.
 */
export function watchTransfer(
  transfer: Transfer,
  limits: TransferLimits,
  onTooSlow: (reason: string) => void,
): () => void {
  const { stallTimeoutMs, minimumBytesPerSecond, rateWindowMs } = limits;
  const tickMs = Math.max(1, Math.ceil(Math.min(stallTimeoutMs, rateWindowMs) / 10));
  const stallTicks = Math.ceil(stallTimeoutMs / tickMs);
  const windowTicks = Math.ceil(rateWindowMs / tickMs);
  let history: number[] = [];

  const timer = setInterval(() => {
    if (transfer.waitingFor === 'nobody') {
      history = [];
      return;
    }
    history.push(transfer.handedBytes);
    const stalled = transfer.handedBytes === history.at(-1 - stallTicks);
    const windowStart = history.at(-1 - windowTicks);
    const minimumBytes = (minimumBytesPerSecond * rateWindowMs) / 1000;
    const tooSlow = windowStart !== undefined && transfer.handedBytes - windowStart < minimumBytes;
    if (history.length > Math.max(stallTicks, windowTicks)) history.shift();
    if (!stalled && !tooSlow) return;
    clearInterval(timer);
    onTooSlow(
      stalled
        ? `The ${transfer.waitingFor} of the transfer stood still for ${stallTimeoutMs} ms.`
        : `The transfer was slower than ${minimumBytesPerSecond} bytes/s over ${rateWindowMs} ms.`,
    );
  }, tickMs);
  return () => clearInterval(timer);
}
