interface Appointment {
  readonly dueAt: number;
  readonly run: () => void;
}

/**
 * Runs things at a time of the given clock. With the real clock they happen by themselves; with a clock that
 * a test moves by hand they happen at the next `advance()`, in the order of their times.
 */
export class Scheduler {
  readonly now: () => number;
  private appointments: Appointment[] = [];
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** Called after something has run. */
  onRun: () => void = () => undefined;

  constructor(now: () => number) {
    this.now = now;
  }

  after(delayMs: number, run: () => void): void {
    if (this.closed) return;
    const appointment = { dueAt: this.now() + delayMs, run };
    const later = this.appointments.findIndex((other) => other.dueAt > appointment.dueAt);
    this.appointments.splice(later === -1 ? this.appointments.length : later, 0, appointment);
    this.arm();
  }

  /** Runs everything that is due by now. */
  advance(): void {
    let hasRun = false;
    for (;;) {
      const first = this.appointments[0];
      if (first === undefined || first.dueAt > this.now()) break;
      this.appointments.shift();
      first.run();
      hasRun = true;
    }
    if (hasRun) this.onRun();
    this.arm();
  }

  close(): void {
    this.closed = true;
    this.appointments = [];
    clearTimeout(this.timer);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const first = this.appointments[0];
    if (first === undefined || this.closed) return;
    // Node's timers fire at once when asked for more than a signed 32-bit number of milliseconds.
    const delayMs = Math.min(Math.max(first.dueAt - this.now(), 1), 2_147_483_647);
    this.timer = setTimeout(() => {
      this.advance();
    }, delayMs).unref();
  }
}
