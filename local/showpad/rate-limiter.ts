import { Problem } from './problem.ts';
import type { ShowpadState } from './showpad-state.ts';
import type { Switches } from './switches.ts';

type RateLimit = NonNullable<Switches['rateLimit']>;

const windowMs = 1000;

/** Counts requests on the emulator's clock, in the way that the switch `rateLimit` says. */
export class RateLimiter {
  private readonly state: {
    readonly now: ShowpadState['now'];
    readonly switches: Pick<Switches, 'rateLimit'>;
  };
  private admittedAtMs: number[] = [];
  private tokens: { readonly left: number; readonly atMs: number } | undefined;

  constructor(state: RateLimiter['state']) {
    this.state = state;
  }

  /** Refuses with 429 what exceeds the switch `rateLimit`; refused requests do not count. */
  admit(): void {
    const { rateLimit } = this.state.switches;
    if (rateLimit === null || this.isAdmitted(rateLimit)) return;
    const { retryAfterSeconds } = rateLimit;
    throw new Problem(429, {
      headers: retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
    });
  }

  private isAdmitted({ kind = 'sliding', requestsPerSecond, burst }: RateLimit): boolean {
    const now = this.state.now();
    if (kind === 'bucket') return this.takeToken(now, requestsPerSecond, burst ?? requestsPerSecond);
    const since = kind === 'sliding' ? now - windowMs : Math.floor(now / windowMs) * windowMs - 1;
    this.admittedAtMs = this.admittedAtMs.filter((time) => time > since);
    if (this.admittedAtMs.length >= requestsPerSecond) return false;
    this.admittedAtMs.push(now);
    return true;
  }

  private takeToken(now: number, perSecond: number, burst: number): boolean {
    const { left, atMs } = this.tokens ?? { left: burst, atMs: now };
    const filled = Math.min(burst, left + ((now - atMs) / 1000) * perSecond);
    const isThere = filled >= 1;
    this.tokens = { left: isThere ? filled - 1 : filled, atMs: now };
    return isThere;
  }
}
