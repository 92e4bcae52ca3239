import type { Budget } from './budget.ts';
import type { Operation } from './errors.ts';

/** A request that wants to be sent. */
export interface PacedRequest {
  readonly api: 'v4' | 'v3';
  readonly operation: Operation;
  /** `low` for a look that can be taken later just as well: it gives way to the others. */
  readonly urgency: 'normal' | 'low';
  readonly signal?: AbortSignal | undefined;
}

/** What an answer says of the pace. */
export interface PacedAnswer {
  readonly status: number;
  readonly retryAfterSeconds: number | null;
  /** Null in API v4, and where API v3 does not tell. */
  readonly budget: Budget | null;
}

/** The right to send one request, now. */
export interface Turn {
  /** Hears of the answer, when one came. Never throws: the answer is worth more than the pace. */
  answered(answer: PacedAnswer): Promise<void>;
}

/** Keeps the pace of everybody who talks to one Showpad organisation. */
export interface Pacer {
  /**
   * Waits until a request may be sent. What it throws instead of a long wait goes to the caller of the client as it
   * is: nothing was sent then.
   */
  turn(request: PacedRequest): Promise<Turn>;
}
