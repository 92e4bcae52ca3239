import { createHash, createHmac } from 'node:crypto';
import { otherSecret as newSecret, secret } from '../unit/signed-delivery.ts';

/** A delivery on its way: what it says and what its sender signed. */
export interface Forgery {
  readonly id: string;
  readonly timestamp: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A delivery that is forged, and what it is answered with. */
export interface SignatureCase {
  readonly name: string;
  readonly status: number;
  readonly why?: string;
  /** What differs from an honest delivery. `headers` with an empty text are left out. */
  readonly forge: (honest: Forgery) => {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
    readonly isBase64Encoded?: boolean;
    /** Sends it that many times; the answer to the last counts. */
    readonly times?: number;
    readonly to?: 'another source';
  };
  /** The secrets that the source has; by default only the one that honest deliveries are signed with. */
  readonly secrets?: readonly string[];
}

const keyOf = (text: string): Buffer => Buffer.from(text.replace('whsec_', ''), 'base64');
const key = keyOf(secret);

export function hmac(
  { id, timestamp, body }: Pick<Forgery, 'id' | 'timestamp' | 'body'>,
  { with: used = key, algorithm = 'sha256' }: { with?: Buffer | string; algorithm?: string } = {},
): Buffer {
  return createHmac(algorithm, used).update(`${id}.${timestamp}.${body}`).digest();
}

const v1 = (digest: Buffer): string => `v1,${digest.toString('base64')}`;
const signature = (text: string) => ({ headers: { 'webhook-signature': text } });
const refused = (name: string, forge: SignatureCase['forge']): SignatureCase => ({
  name,
  status: 401,
  forge,
});
/** Signed rightly, with another timestamp. */
const at = (name: string, timestamp: string | ((seconds: number) => string)): SignatureCase =>
  refused(name, (honest) => {
    const told = typeof timestamp === 'string' ? timestamp : timestamp(Number(honest.timestamp));
    const signed = v1(hmac({ ...honest, timestamp: told }));
    return { headers: { 'webhook-timestamp': told, 'webhook-signature': signed } };
  });

export const signatureCases: readonly SignatureCase[] = [
  refused('sig-missing', () => signature('')),
  refused('sig-empty', () => signature(' ')),
  refused('sig-comma-only', () => signature(',')),
  refused('sig-wrong-key', (honest) => signature(v1(hmac(honest, { with: keyOf(newSecret) })))),
  refused('sig-empty-key', (honest) => signature(v1(hmac(honest, { with: '' })))),
  refused('sig-truncated', (honest) => signature(v1(hmac(honest)).slice(0, 3 + 16))),
  refused('sig-one-bit', (honest) => {
    const digest = hmac(honest);
    digest[31] = (digest[31] ?? 0) ^ 1;
    return signature(v1(digest));
  }),
  refused('sig-hex-for-base64', (honest) => signature(`v1,${hmac(honest).toString('hex')}`)),
  refused('sig-base64url', (honest) => {
    // A body whose digest differs in the two alphabets.
    for (let padding = ''; ; padding += ' ') {
      const body = honest.body + padding;
      const text = hmac({ ...honest, body }).toString('base64');
      const other = text.replaceAll('+', '-').replaceAll('/', '_');
      if (text !== other) return { ...signature(`v1,${other}`), body };
    }
  }),
  refused('sig-padded', (honest) => signature(`${v1(hmac(honest))}===`)),
  refused('sig-whitespace', (honest) => {
    const text = hmac(honest).toString('base64');
    return signature(`v1,${text.slice(0, 20)}\n${text.slice(20)}`);
  }),
  refused('sig-sha1', (honest) => signature(v1(hmac(honest, { algorithm: 'sha1' })))),
  refused('sig-plain-sha256', ({ body }) => signature(v1(createHash('sha256').update(body).digest()))),
  refused('sig-alg-none', (honest) => signature(`none,${hmac(honest).toString('base64')}`)),
  refused('sig-v0-downgrade', (honest) => signature(`v0,${hmac(honest).toString('base64')}`)),
  refused('sig-1000-candidates', (honest) => {
    const wrong = v1(hmac(honest, { with: 'x' }));
    return signature([...Array.from({ length: 1_000 }, () => wrong), v1(hmac(honest))].join(' '));
  }),
  {
    name: 'sig-array',
    status: 401,
    why: 'Standard Webhooks lists signatures with spaces: a header that came twice, joined by a comma, is none',
    forge: (honest) =>
      signature(`${v1(hmac(honest, { with: 'x' }))}, ${v1(hmac(honest))}`.replace(', ', ',')),
  },
  refused('sig-other-timestamp', (honest) => ({
    headers: { 'webhook-timestamp': String(Number(honest.timestamp) - 1) },
  })),
  refused('sig-reserialised', ({ body }) => ({ body: JSON.stringify(JSON.parse(body), null, 1) })),
  refused('sig-bom', ({ body }) => ({ body: `\ufeff${body}` })),
  refused('sig-latin1', ({ body }) => ({ body: Buffer.from(body, 'latin1') })),
  refused('sig-base64-flag', ({ body }) => ({ body, isBase64Encoded: true })),
  refused('ts-missing', () => ({ headers: { 'webhook-timestamp': '' } })),
  at('ts-nan', 'abc'),
  at('ts-float', (seconds) => `${seconds}.5`),
  at('ts-hex', '0x6925'),
  at('ts-exp', '1e12'),
  at('ts-negative', '-1'),
  at('ts-millis', (seconds) => `${seconds}000`),
  at('ts-old-301s', (seconds) => String(seconds - 301)),
  at('ts-future-301s', (seconds) => String(seconds + 301)),
  { name: 'ts-replay-60s', status: 200, why: 'the same event has the same job', forge: () => ({ times: 2 }) },
  refused('ts-replay-other-path', () => ({ to: 'another source' })),
  {
    name: 'rot-old-secret',
    status: 202,
    why: 'while both secrets are listed both are believed, so that no event is lost',
    secrets: [newSecret, secret],
    forge: () => ({}),
  },
  { name: 'rot-retired-secret', status: 401, secrets: [newSecret], forge: () => ({}) },
  refused('proto-header', () => ({
    headers: { 'webhook-signature': '', ['__proto__']: 'v1,x', constructor: 'v1,x' },
  })),
];
