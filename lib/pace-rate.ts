/** The bounds of a rate, in requests per second. */
export interface RateBounds {
  readonly least: number;
  readonly most: number;
}

/** What is known of the rate that Showpad bears. */
export interface RateKnowledge {
  /** The rate, per second, at which Showpad last refused a request with 429; null while it never has. */
  readonly ceiling: number | null;
  /** How long requests have stood in line since then: the rate grows only while somebody wants more of it. */
  readonly busyMs: number;
}

const startingShare = 0.2;
const halvedShare = 0.5;
/** No single 429 takes more from the ceiling: it may have had another reason than the rate. */
const leastRevealed = 0.7;
/** The share of the ceiling that is soon taken back. */
const safeShare = 0.92;
/** The share around which the rate stays for long before it feels for what lies beyond the ceiling. */
const flatShare = 0.97;
const returnSeconds = 3;
const flatSeconds = 30;
const steepness = (flatShare - safeShare) / (flatSeconds - returnSeconds) ** 3;

/**
 * How many requests a second are to be sent. While no ceiling is known, a fifth of the most, doubling every second
 * that there is a line. After a 429 the half of the ceiling; within three seconds most of it, on a concave curve; a
 * long flat stretch just below it; and then a probe beyond it, careful at first and ever bolder, by which a limit
 * that was raised is found. It is the curve by which TCP CUBIC (RFC 9438) shares a wire.
 */
export function requestsPerSecond({ ceiling, busyMs }: RateKnowledge, bounds: RateBounds): number {
  const seconds = busyMs / 1_000;
  const rate =
    ceiling === null
      ? bounds.most * startingShare * 2 ** Math.min(seconds, 30)
      : ceiling * shareAfter(seconds);
  return Math.min(bounds.most, Math.max(bounds.least, rate));
}

function shareAfter(seconds: number): number {
  if (seconds < returnSeconds) {
    return safeShare - (safeShare - halvedShare) * (1 - seconds / returnSeconds) ** 3;
  }
  return flatShare + steepness * (seconds - flatSeconds) ** 3;
}

/**
 * The ceiling that the refusal of a request reveals: how many there were in the second before it, which is what most
 * limiters count. Before the line came into being, or while it was paused, there were none.
 */
export function revealedCeiling({ ceiling, busyMs }: RateKnowledge, bounds: RateBounds): number {
  const steps = 20;
  let sent = 0;
  for (let step = 0; step < steps; step += 1) {
    const momentMs = busyMs - ((step + 0.5) / steps) * 1_000;
    if (momentMs > 0) sent += requestsPerSecond({ ceiling, busyMs: momentMs }, bounds) / steps;
  }
  return Math.max(bounds.least, sent, requestsPerSecond({ ceiling, busyMs }, bounds) * leastRevealed);
}

/** How many requests may be sent on one claim when nobody else wants to send: a third of a second's, five at most. */
export function handful(rate: number): number {
  return Math.max(1, Math.min(5, Math.floor(rate / 3)));
}

const longestRetryAfterSeconds = 900;
const longestGuessSeconds = 60;

/**
 * How long nobody sends anything after a 429: as long as Showpad says, at most a quarter of an hour; where it says
 * nothing, longer with each 429 in a row, with full jitter, at most a minute. Never less than a second.
 * @param throttles the episodes of 429 in a row before this one
 */
export function pauseMs(
  retryAfterSeconds: number | null,
  throttles: number,
  random: () => number = Math.random,
): number {
  const guess = random() * Math.min(longestGuessSeconds, 2 ** Math.min(throttles + 1, 10));
  return Math.min(longestRetryAfterSeconds, Math.max(1, retryAfterSeconds ?? guess)) * 1_000;
}

/**
 * When somebody who found the line too long is to come back: not before it has moved on, not all at once, and the
 * later the slower it moves.
 */
export function comeBackSeconds(
  { lineMs, rate, urgency }: { lineMs: number; rate: number; urgency: 'normal' | 'low' },
  random: () => number = Math.random,
): number {
  const lineSeconds = lineMs / 1_000;
  const spreadSeconds = Math.min(30, Math.max(2, 40 / rate)) * (urgency === 'low' ? 3 : 1);
  return Math.max(1, lineSeconds) + random() * Math.max(spreadSeconds, lineSeconds / 10);
}
