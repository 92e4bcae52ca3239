import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readShortAnswer } from '../short-answer.ts';
import type { Payload } from './source.ts';

const keyHost = 'https://static.adobeioevents.com';
const keyPath = /^\/(?:prod|stage)\/keys\/pub-key-[\w-]{1,64}\.pem$/;
const keyAgeMs = 24 * 3_600_000;
const missAgeMs = 300_000;
const mostKeys = 50;

/** Gives the text of a public key of Adobe's; null when there is none at this path. */
export type ReadKey = (url: string) => Promise<string | null>;

/** Keys of this container by their URL; null for one that was not to be had. */
const keys = new Map<string, { readonly key: KeyObject | null; readonly until: number }>();

/**
 * Whether Adobe I/O Events signed this body: RSA-SHA256, by one of two keys that stand at a path of one fixed host.
 * https://developer.adobe.com/events/docs/guides/sdk/sdk-signature-verification
 * @param publicKeys to believe instead; then nothing is fetched
 * @returns null when it did, else why that is not believed
 * @throws {Error} when a key cannot be fetched: that says nothing about the sender
 */
export async function isSignedByAdobe(
  headers: Payload['headers'],
  body: Buffer,
  publicKeys: readonly string[] | undefined,
  readKey: ReadKey = fetchKey,
): Promise<string | null> {
  const signatures = [1, 2].flatMap((place) => {
    const signature = headers[`x-adobe-digital-signature-${place}`];
    return signature === undefined
      ? []
      : [{ signature, path: headers[`x-adobe-public-key${place}-path`] ?? '' }];
  });
  if (signatures.length === 0) return 'The headers x-adobe-digital-signature-1 and -2 must be there.';
  for (const { signature, path } of signatures) {
    const bytes = readSignature(signature);
    if (bytes === null) continue;
    const candidates =
      publicKeys === undefined
        ? [keyPath.test(path) ? await keyAt(`${keyHost}${path}`, readKey) : null]
        : publicKeys.map((text) => parseKey(text));
    if (candidates.some((key) => key !== null && verify('sha256', body, key, bytes))) return null;
  }
  return 'The signature was not accepted: no matching signature found.';
}

function readSignature(text: string): Buffer | null {
  return /^[A-Za-z0-9+/]{100,1400}={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
}

/** A stranger may name keys that are not there: what was not found is not asked for again for a while. */
async function keyAt(url: string, readKey: ReadKey): Promise<KeyObject | null> {
  const known = keys.get(url);
  if (known !== undefined && known.until > Date.now()) return known.key;
  const text = await readKey(url);
  const key = text === null ? null : parseKey(text);
  if (keys.size >= mostKeys) keys.delete(keys.keys().next().value ?? '');
  keys.set(url, { key, until: Date.now() + (key === null ? missAgeMs : keyAgeMs) });
  return key;
}

function parseKey(text: string): KeyObject | null {
  try {
    const key = createPublicKey(text);
    return key.asymmetricKeyType === 'rsa' ? key : null;
  } catch {
    return null;
  }
}

async function fetchKey(url: string): Promise<string | null> {
  const { status, text } = await readShortAnswer(url, { allowPrivateAddresses: false });
  if (status >= 500) throw new Error(`The public keys of Adobe I/O answered ${status}.`);
  return status === 200 ? text : null;
}
