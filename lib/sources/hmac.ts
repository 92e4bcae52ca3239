import { createHmac, timingSafeEqual } from 'node:crypto';

/** The hashes that signatures are made with, and how many bytes each has. */
export const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
export type DigestAlgorithm = keyof typeof digestBytes;

/** HMAC-SHA256 over the parts, one after the other, as the webhooks of this world are signed. */
export function hmacSha256(key: Buffer | string, ...parts: readonly (Buffer | string)[]): Buffer {
  return hmacOf('sha256', key, ...parts);
}

/** The same by any of the hashes. */
export function hmacOf(
  algorithm: DigestAlgorithm,
  key: Buffer | string,
  ...parts: readonly (Buffer | string)[]
): Buffer {
  const hmac = createHmac(algorithm, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/**
 * The bytes of a digest as a header writes them; null for any other text. Only one spelling is taken: base64 with
 * its padding, or lower-case hex digits.
 */
export function readDigest(
  text: string,
  encoding: 'base64' | 'hex',
  algorithm: DigestAlgorithm = 'sha256',
): Buffer | null {
  const spelling = encoding === 'base64' ? /^[A-Za-z0-9+/]*={0,2}$/ : /^[0-9a-f]*$/;
  if (!spelling.test(text)) return null;
  const digest = Buffer.from(text, encoding);
  return digest.length === digestBytes[algorithm] && digest.toString(encoding) === text ? digest : null;
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
