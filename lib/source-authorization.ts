import { request } from 'undici';
import * as z from 'zod';
import { readJsonAnswer } from './source-json.ts';
import type { SourceCredential } from './source-credentials.ts';
import { credentialPatienceSeconds } from './retry-rules.ts';
import { describeUrl, SourceError } from './source-error.ts';
import { asSourceFailure } from './source-refusal.ts';
import { discardBody, type SourceRequestOptions } from './source-request.ts';
import { parseSourceUrl } from './source-url.ts';

const earlyMs = 60_000;
const shortestLifeSeconds = 120;
const tokenSchema = z.object({
  access_token: z.string().min(1).max(16_384),
  // Adobe's older endpoints count in milliseconds; what is too long only means to ask again later.
  expires_in: z.coerce.number().positive().default(shortestLifeSeconds),
});
type Grant = Extract<SourceCredential, { oauth: unknown }>['oauth'];

/** Access tokens of this container, by the grant they were made for. */
const tokens = new Map<string, { readonly value: string; readonly until: number }>();

/**
 * The Authorization header by which a source's API lets itself be asked. Client credentials are exchanged for an access
 * token (RFC 6749, 4.4), which is kept in memory until shortly before its end.
 * @param isRefused the last one was: another token is asked for
 * @throws {SourceError} when the token endpoint gives none
 */
export async function authorizationOf(
  credential: SourceCredential,
  options: SourceRequestOptions,
  isRefused = false,
): Promise<string> {
  if ('token' in credential) return `Bearer ${credential.token}`;
  if ('basic' in credential) {
    const { username, password } = credential.basic;
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  const key = JSON.stringify(credential.oauth);
  const known = isRefused ? undefined : tokens.get(key);
  if (known !== undefined && known.until > options.now()) return `Bearer ${known.value}`;
  const { access_token: value, expires_in: seconds } = await askForToken(credential.oauth, options);
  const lifeMs = Math.max(shortestLifeSeconds, Math.min(seconds, 86_400)) * 1_000;
  tokens.set(key, { value, until: options.now() + lifeMs - earlyMs });
  return `Bearer ${value}`;
}

async function askForToken(
  grant: Grant,
  options: SourceRequestOptions,
): Promise<z.output<typeof tokenSchema>> {
  const url = parseSourceUrl(grant.tokenUrl, options.allowPrivateAddresses);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: grant.clientId,
    client_secret: grant.clientSecret,
    ...(grant.scope !== undefined && { scope: grant.scope }),
  });
  const answer = await request(url, {
    method: 'POST',
    dispatcher: options.dispatcher,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: form.toString(),
    headersTimeout: options.headersTimeoutMs,
    bodyTimeout: options.headersTimeoutMs,
    signal: options.signal ?? null,
  }).catch((error: unknown) => {
    throw asSourceFailure(url, error);
  });
  if (answer.statusCode === 200) {
    const parsed = tokenSchema.safeParse(await readJsonAnswer(url, answer.body));
    if (parsed.success) return parsed.data;
    throw refused(url, 'gives no access_token');
  }
  discardBody(answer.body);
  if (answer.statusCode >= 500 || answer.statusCode === 429) {
    throw new SourceError('SOURCE_UNREACHABLE', `${describeUrl(url)} answered ${answer.statusCode}.`, {
      retryable: true,
    });
  }
  throw refused(url, `answered ${answer.statusCode} to the stored client credentials`);
}

function refused(url: URL, what: string): SourceError {
  return new SourceError('SOURCE_CREDENTIAL_REFUSED', `${describeUrl(url)} ${what}.`, {
    retryable: true,
    retryAfterSeconds: credentialPatienceSeconds,
  });
}
