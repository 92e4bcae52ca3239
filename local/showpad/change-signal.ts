interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Lets many readers wait for the next change of something without polling it. */
export class ChangeSignal {
  private waiters: Waiter[] = [];
  private closed = false;

  /** Settles at the next change; rejects when the signal is closed, so that nobody waits for ever. */
  next(): Promise<void> {
    if (this.closed) return Promise.reject(new Error('The Showpad emulator is closed: no change will come.'));
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
    });
  }

  notify(): void {
    for (const waiter of this.takeWaiters()) waiter.resolve();
  }

  close(): void {
    this.closed = true;
    for (const waiter of this.takeWaiters()) {
      waiter.reject(new Error('The Showpad emulator was closed while something waited for a change.'));
    }
  }

  private takeWaiters(): Waiter[] {
    const waiters = this.waiters;
    this.waiters = [];
    return waiters;
  }
}
