import type { ShowpadState } from '../showpad-state.ts';
import { V3Problem } from './v3-problem.ts';

/** Counts the requests of API v3 in windows that begin with a request, on the emulator's clock. */
export class V3Budget {
  private readonly state: ShowpadState;
  private windowStartMs = -Infinity;
  private used = 0;

  constructor(state: ShowpadState) {
    this.state = state;
  }

  /** Counts a request. Throws a V3Problem, 429, when nothing was left. */
  spend(): void {
    const { limit, windowSeconds, retryAfterSeconds } = this.state.switches.v3Budget;
    const now = this.state.now();
    if (now >= this.windowStartMs + windowSeconds * 1000) {
      this.windowStartMs = now;
      this.used = 0;
    }
    this.used += 1;
    if (this.used <= limit) return;
    throw new V3Problem(429, {
      headers: retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
    });
  }

  /** What every answer's `meta` tells about the budget. */
  describe(): object {
    const { v3Budget, v3BudgetReset } = this.state.switches;
    const leftMs = this.windowStartMs + v3Budget.windowSeconds * 1000 - this.state.now();
    return {
      requestRateLimit: v3Budget.limit,
      requestRateLimitReset: Math.ceil(
        v3BudgetReset === 'window' ? v3Budget.windowSeconds : Math.max(leftMs / 1000, 0),
      ),
      requestsRemaining: Math.max(v3Budget.limit - this.used, 0),
    };
  }
}
