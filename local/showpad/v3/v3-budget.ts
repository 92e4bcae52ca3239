import type { CallUsage, ShowpadState } from '../showpad-state.ts';
import { V3Problem } from './v3-problem.ts';

/** Counts the requests of API v3 in windows that begin with a request, on the emulator's clock. */
export class V3Budget {
  private readonly state: ShowpadState;

  constructor(state: ShowpadState) {
    this.state = state;
  }

  /** Counts a request. Throws a V3Problem, 429, when nothing was left. */
  spend(): void {
    const { limit, windowSeconds, retryAfterSeconds } = this.state.switches.v3Budget;
    const now = this.state.now();
    const { windowStartMs, used } = this.usage();
    const isOver = windowStartMs === null || now >= windowStartMs + windowSeconds * 1000;
    const spent = isOver ? { windowStartMs: now, used: 1 } : { windowStartMs, used: used + 1 };
    this.state.usage.set('v3', spent);
    this.state.touch('usage', 'v3');
    if (spent.used <= limit) return;
    throw new V3Problem(429, {
      headers: retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
    });
  }

  /** What every answer's `meta` tells about the budget. */
  describe(): object {
    const { v3Budget, v3BudgetReset } = this.state.switches;
    const { windowStartMs, used } = this.usage();
    const leftMs = (windowStartMs ?? -Infinity) + v3Budget.windowSeconds * 1000 - this.state.now();
    return {
      requestRateLimit: v3Budget.limit,
      requestRateLimitReset: Math.ceil(
        v3BudgetReset === 'window' ? v3Budget.windowSeconds : Math.max(leftMs / 1000, 0),
      ),
      requestsRemaining: Math.max(v3Budget.limit - used, 0),
    };
  }

  private usage(): CallUsage {
    return this.state.usage.get('v3') ?? { windowStartMs: null, used: 0 };
  }
}
