import * as z from 'zod';
import { readV3Answer } from './answer.ts';

/** What the token endpoint gives. */
export interface TokenGrant {
  readonly accessToken: string;
  readonly lifetimeSeconds: number;
  /** Null when the answer has none: the one that was used stays valid. */
  readonly refreshToken: string | null;
}

/** A failure that the token endpoint reports; `code` is one of RFC 6749, section 5.2, when it gives one. */
export interface TokenFailure {
  readonly status: number;
  readonly code: string | null;
  /** A name for a person; never a text of the server's, which may repeat what was sent. */
  readonly name: string;
}

const assumedLifetimeSeconds = 3_600;
const longestLifetimeSeconds = 30 * 86_400;

const grantSchema = z.object({
  // What an HTTP header can carry, and a table item can hold.
  access_token: z
    .string()
    .max(16_384)
    .regex(/^[!-~]+$/),
  expires_in: z
    .union([
      z.number(),
      z
        .string()
        .trim()
        .regex(/^\d+(?:\.\d+)?$/)
        .transform(Number),
    ])
    .catch(assumedLifetimeSeconds),
  refresh_token: z.string().min(1).max(16_384).nullable().catch(null),
});
const errorSchema = z.object({ error: z.string().regex(/^[a-z_]{1,60}$/) });

/**
 * Reads an answer of the token endpoint, leniently: `expires_in` may be a number or numeric text (1 s to 30 days;
 * an hour when absent), everything may stand in API v3's envelope, and failures may be those of RFC 6749 or of API
 * v3, also under a status of success. Null when it is nothing of these.
 */
export function readTokenAnswer(httpStatus: number, body: unknown): TokenGrant | TokenFailure | null {
  const failure = errorSchema.safeParse(body);
  if (failure.success) {
    const code = failure.data.error;
    return { status: Math.max(httpStatus, 400), code, name: code };
  }
  const answer = readV3Answer(httpStatus, body);
  const status = answer?.status ?? httpStatus;
  if (status >= 300) {
    const name = /^\w{1,60}$/.test(answer?.title ?? '') ? (answer?.title ?? '') : '';
    return { status, code: null, name };
  }
  const grant = grantSchema.safeParse(answer?.body === undefined ? body : answer.body);
  if (!grant.success) return null;
  const { access_token: accessToken, expires_in: seconds, refresh_token: refreshToken } = grant.data;
  const lifetimeSeconds = Math.min(longestLifetimeSeconds, Math.max(1, seconds));
  return { accessToken, lifetimeSeconds, refreshToken };
}
