import * as z from 'zod';

/** How many calls Showpad still grants the organisation, as API v3 tells in each answer; null is what it does not tell. */
export interface Budget {
  /** Calls in each period. */
  readonly limit: number | null;
  /** The published samples read as the length of the period, not as the time that is left of it. */
  readonly resetSeconds: number | null;
  /** Calls left in this period. */
  readonly remaining: number | null;
}

const digits = z.string().trim().regex(/^\d+$/);
const amount = z
  .union([z.number(), digits.transform(Number)])
  .pipe(z.number().nonnegative())
  .transform(Math.floor)
  .nullable()
  .catch(null);

const answer = z.object({
  meta: z.object({ requestRateLimit: amount, requestRateLimitReset: amount, requestsRemaining: amount }),
});

/** The budget in the `meta` of an answer of API v3, a failure's too; null when it says nothing of the calls. */
export function readBudget(body: unknown): Budget | null {
  const parsed = answer.safeParse(body);
  if (!parsed.success) return null;
  const { requestRateLimit, requestRateLimitReset, requestsRemaining } = parsed.data.meta;
  if (requestRateLimit === null && requestsRemaining === null) return null;
  return { limit: requestRateLimit, resetSeconds: requestRateLimitReset, remaining: requestsRemaining };
}
