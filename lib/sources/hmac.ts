import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA256 over the parts, one after the other, as the webhooks of this world are signed. */
export function hmacSha256(key: Buffer | string, ...parts: readonly (Buffer | string)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/**
 * The 32 bytes of a digest as a header writes them; null for any other text. Only one spelling is taken: base64 with
 * its padding, or 64 lower-case hex digits.
 */
export function readDigest(text: string, encoding: 'base64' | 'hex'): Buffer | null {
  const spelling = encoding === 'base64' ? /^[A-Za-z0-9+/]{43}=$/ : /^[0-9a-f]{64}$/;
  return spelling.test(text) ? Buffer.from(text, encoding) : null;
}

/** Whether any candidate is one of the digests. How long it takes depends on how many there are, on nothing else. */
export function matchesAny(digests: readonly Buffer[], candidates: readonly Buffer[]): boolean {
  let found = false;
  for (const digest of digests) {
    for (const candidate of candidates) {
      if (candidate.length === digest.length && timingSafeEqual(candidate, digest)) found = true;
    }
  }
  return found;
}
