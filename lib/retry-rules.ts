/**
 * Every rule about trying again, and about how long anything may take.
 *
 * 1. In process, a call is repeated only when repeating it does no harm: few times, soon, with full jitter, a time
 *    limit for each attempt, and all attempts together within 20 s.
 * 2. Whatever takes longer is a delayed message: a minute of waiting costs nothing, and no receive.
 * 3. What nobody understands goes back to SQS, is shown again later and later, and ends as a dead letter.
 */
const inProcessMs = 20_000;

/** Calls to Showpad that may be repeated; `longestRetryAfterSeconds` is what is waited for without a message. */
export const showpadCalls = {
  mostRepeats: 2,
  firstCeilingMs: 500,
  longestRetryAfterSeconds: 5,
  attemptTimeoutMs: 15_000,
  togetherMs: inProcessMs,
} as const;

/** Requests to a source: for its first answer, and to go on after the bytes were interrupted. */
export const sourceRequests = {
  connectAttempts: 3,
  resumeAttempts: 5,
  firstCeilingMs: 200,
  longestCeilingMs: 2_000,
  headersTimeoutMs: 30_000,
} as const;

/** How often a source's API is asked again while its credential is missing or refused: a person has to act. */
export const credentialPatienceSeconds = 60;

/** A transfer of bytes, in either direction, is never repeated in process; it ends when it stalls or crawls. */
export const transfers = {
  stallTimeoutMs: 30_000,
  minimumBytesPerSecond: 64 * 1024,
  rateWindowMs: 60_000,
  answerTimeoutMs: 120_000,
} as const;

/**
 * The SDK repeats every command of ours: all of them are harmless when made twice (lib/conditional-write.ts). Its
 * own jitter between attempts is full too, and below a second.
 */
const awsTimeouts = { connectionTimeout: 1_500, throwOnRequestTimeout: true } as const;
export const awsCalls = {
  retryMode: 'standard',
  maxAttempts: 3,
  requestHandler: { ...awsTimeouts, requestTimeout: 5_000, socketTimeout: 5_000 },
} as const;

/** S3 gets time for a part of 8 MiB; what a body that is read slowly may take is a matter of the transfer's rules. */
export const s3Calls = {
  retryMode: 'standard',
  maxAttempts: 3,
  requestHandler: { ...awsTimeouts, requestTimeout: 30_000, socketTimeout: 120_000 },
} as const;

/** A pooled socket that was not used for this long may be dead: a frozen container does not see it die. */
export const longestSocketIdleMs = 1_000;

/** What SQS delays, or hides, a message by at most, on one step; longer waits are told in several. */
export const longestDelaySeconds = 900;
export const longestBackoffSeconds = 300;

/** How often a message is received before it becomes a dead letter: `maxReceiveCount` of every queue. */
export const mostReceives = 10;

/**
 * A message that announces the end of a job is there before the end is. Until it is, it is looked for again so much
 * later; together longer than whoever announced it can live (900 s, and its last call on the wire): whoever ends the
 * job after that has announced it anew.
 */
export const outcomeLooksSeconds: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900];

/** An invocation ends its work this long before Lambda ends it, and begins nothing when less than the other is left. */
export const farewellMs = 10_000;
export const leastToBeginMs = 15_000;

/** How long to wait, in milliseconds, before repeat number `repeat` (from 0): full jitter below a doubling ceiling. */
export function jitterMs(
  repeat: number,
  { firstCeilingMs, longestCeilingMs = inProcessMs }: { firstCeilingMs: number; longestCeilingMs?: number },
  random: () => number = Math.random,
): number {
  return random() * Math.min(longestCeilingMs, firstCeilingMs * 2 ** repeat);
}

/** How long an attempt may take that begins so long after the first one: never beyond what all may take together. */
export function attemptTimeoutMs(
  elapsedMs: number,
  timeoutMs: number = showpadCalls.attemptTimeoutMs,
): number {
  return Math.max(1, Math.min(timeoutMs, showpadCalls.togetherMs - elapsedMs));
}

/** The delay of the message for the next try: doubling from one second, with full jitter, at most `longestSeconds`. */
export function backoffSeconds(
  attempt: number,
  longestSeconds: number = longestBackoffSeconds,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(longestSeconds, longestDelaySeconds, 2 ** Math.min(attempt, 20));
  return Math.max(1, Math.ceil(random() * ceiling));
}

/** A delay as SQS takes it: whole seconds, 0 to 900. */
export function sqsDelaySeconds(seconds: number): number {
  return Math.min(longestDelaySeconds, Math.max(0, Math.ceil(seconds)));
}

/**
 * How long a message whose handling failed stays hidden: doubling from 10 s with each receive, at most 900 s, the
 * upper half of it at random, so that ten that failed together do not come back together.
 */
export function hiddenSeconds(receives: number, random: () => number = Math.random): number {
  const ceiling = Math.min(longestDelaySeconds, 5 * 2 ** Math.max(1, Math.min(receives, 20)));
  return Math.ceil((ceiling * (1 + random())) / 2);
}

const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/**
 * A Retry-After header, seconds or one of the three HTTP dates (RFC 9110, 5.6.7 and 10.2.3), as 1 to 900 seconds
 * from `nowMs`; null when it is absent or means nothing. A date in the past asks for a second.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) : (parseHttpDate(text) - nowMs) / 1_000;
  return Number.isNaN(seconds) ? null : Math.min(longestDelaySeconds, Math.max(1, Math.ceil(seconds)));
}

function parseHttpDate(text: string): number {
  if (!httpDate.test(text)) return Number.NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
