import { Problem } from './problem.ts';
import type { ShowpadState } from './showpad-state.ts';

const windowMs = 1000;

/** Counts requests over a sliding second, on the emulator's clock. */
export class RateLimiter {
  private readonly state: ShowpadState;
  private admittedAtMs: number[] = [];

  constructor(state: ShowpadState) {
    this.state = state;
  }

  /** Refuses with 429 what exceeds the switch `rateLimit`; refused requests do not count. */
  admit(): void {
    const { rateLimit } = this.state.switches;
    if (rateLimit === null) return;
    const now = this.state.now();
    this.admittedAtMs = this.admittedAtMs.filter((time) => time > now - windowMs);
    if (this.admittedAtMs.length >= rateLimit.requestsPerSecond) {
      const { retryAfterSeconds } = rateLimit;
      throw new Problem(429, {
        headers: retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
      });
    }
    this.admittedAtMs.push(now);
  }
}
