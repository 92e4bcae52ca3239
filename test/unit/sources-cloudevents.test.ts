import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cloudEventsAdapter } from '../../lib/sources/cloudevents.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import {
  delivery,
  event,
  now,
  nowSeconds,
  otherSecret,
  retiredSecret,
  secret,
  sign,
  sourceWith,
  text,
  type Signed,
} from './signed-delivery.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now });
});
afterEach(() => {
  vi.useRealTimers();
});

const verify = (signed: Signed, source = sourceWith(secret)): string | null =>
  cloudEventsAdapter.verify(source, delivery(signed));

/** HMAC over bytes of one's own choice, in the form of a signature. */
function hmac(key: Buffer | string, signedText: string, algorithm = 'sha256'): string {
  return `v1,${createHmac(algorithm, key).update(signedText).digest('base64')}`;
}
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
const digest = createHmac('sha256', key).update(`msg_1.${nowSeconds}.${text}`).digest();

describe('a signed delivery', () => {
  it('is believed by the vector that Standard Webhooks publishes', () => {
    vi.setSystemTime(1_614_265_330_000);
    const vector = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: '1614265330',
      body: Buffer.from('{"test": 2432232314}'),
      signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    expect(verify(vector)).toBeNull();
    expect(verify(vector, sourceWith(secret.slice('whsec_'.length)))).toBeNull();
    expect(verify({ ...vector, body: Buffer.from('{"test": 2432232315}') })).not.toBeNull();
  });

  it('is believed with text of every script', () => {
    expect(verify(sign('{"name":"文件 😀 \u0000"}'))).toBeNull();
  });

  it('is believed again within the window: the same id leads to the same job', () => {
    const signed = sign();
    expect(verify(signed)).toBeNull();
    vi.setSystemTime(now.getTime() + 60_000);
    expect(verify(signed)).toBeNull();
  });

  it.each([
    [-301, false],
    [-300, true],
    [0, true],
    [300, true],
    [301, false],
  ])('of %i seconds from now is believed: %s', (seconds, isBelieved) => {
    expect(verify(sign(text, secret, nowSeconds + seconds)) === null).toBe(isBelieved);
  });

  it('is not believed when one bit of it differs', () => {
    const signed = sign();
    for (const position of [0, Math.floor(signed.body.length / 2), signed.body.length - 1]) {
      const body = Buffer.from(signed.body);
      body[position] = (body[position] ?? 0) ^ 1;
      expect(verify({ ...signed, body })).not.toBeNull();
    }
    const flipped = Buffer.from(digest);
    flipped[31] = (flipped[31] ?? 0) ^ 1;
    expect(verify({ ...signed, signature: `v1,${flipped.toString('base64')}` })).not.toBeNull();
    expect(verify({ ...signed, id: 'msg_2' })).not.toBeNull();
    expect(verify({ ...signed, timestamp: String(nowSeconds + 1) })).not.toBeNull();
    expect(verify(signed)).toBeNull();
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'is not believed without %s',
    (header) => {
      for (const value of [undefined, '']) {
        const refusal = cloudEventsAdapter.verify(sourceWith(secret), delivery(sign(), { [header]: value }));
        expect(refusal).toContain(header);
      }
    },
  );

  const inner = `v1,${digest.toString('base64').slice(0, 20)}\n${digest.toString('base64').slice(20)}`;
  it.each([
    ['only a comma', ','],
    ['only a version', 'v1'],
    ['an empty signature', 'v1,'],
    ['no version', digest.toString('base64')],
    ['another key', sign(text, otherSecret).signature],
    ['an empty key', hmac('', `msg_1.${nowSeconds}.${text}`)],
    ['the secret taken as text', hmac(secret, `msg_1.${nowSeconds}.${text}`)],
    ['the first 16 characters of the right one', `v1,${digest.toString('base64').slice(0, 16)}`],
    ['hex for base64', `v1,${digest.toString('hex')}`],
    ['padding that is too long', `v1,${digest.toString('base64')}===`],
    ['no padding', `v1,${digest.toString('base64').replace(/=+$/, '')}`],
    ['a line break within', inner],
    ['SHA-1', hmac(key, `msg_1.${nowSeconds}.${text}`, 'sha1')],
    ['SHA-512', hmac(key, `msg_1.${nowSeconds}.${text}`, 'sha512')],
    ['a plain hash', `v1,${createHash('sha256').update(text).digest('base64')}`],
    [
      'a hash of all that is signed',
      `v1,${createHash('sha256').update(`msg_1.${nowSeconds}.${text}`).digest('base64')}`,
    ],
    ['the body alone', hmac(key, text)],
    ['the body first', hmac(key, `${text}.${nowSeconds}`)],
    ['no algorithm', `none,${digest.toString('base64')}`],
    ['an older scheme', `v0,${digest.toString('base64')}`],
    ['a newer scheme', `v1a,${digest.toString('base64')}`],
    ['the version in upper case', `V1,${digest.toString('base64')}`],
    ['another timestamp', hmac(key, `msg_1.${nowSeconds - 1}.${text}`)],
    ['another id', hmac(key, `msg_2.${nowSeconds}.${text}`)],
    ['the same JSON in other words', hmac(key, `msg_1.${nowSeconds}.${JSON.stringify(event, null, 2)}`)],
  ])('is not believed with %s', (_what, signature) => {
    expect(verify({ ...sign(), signature })).not.toBeNull();
  });

  it('is not believed with the right digest in the alphabet for URLs', () => {
    const encodings = Array.from({ length: 50 }, (_none, index) => {
      const signed = sign(JSON.stringify({ ...event, id: `event-${index}` }));
      return { ...signed, signature: signed.signature.replaceAll('+', '-').replaceAll('/', '_') };
    }).filter(({ signature }) => /[-_]/.test(signature));
    expect(encodings.length).toBeGreaterThan(10);
    for (const signed of encodings) expect(verify(signed)).not.toBeNull();
  });

  it('is not believed with a byte order mark before what was signed', () => {
    expect(verify({ ...sign(), body: Buffer.from(`\ufeff${text}`) })).not.toBeNull();
  });

  it('is not believed in another encoding than the one it was signed in', () => {
    const signed = sign('{"name":"é"}');
    expect(verify({ ...signed, body: Buffer.from('{"name":"é"}', 'latin1') })).toBe(
      'The body must be UTF-8.',
    );
  });

  it('is not believed when different bytes would read as the same text', () => {
    const replaced = sign('{"name":"\ufffd"}');
    expect(verify(replaced)).toBeNull();
    expect(verify({ ...replaced, body: Buffer.from('{"name":"\u00ff"}', 'latin1') })).not.toBeNull();
  });

  it.each([
    ['text', 'abc'],
    ['a fraction', `${nowSeconds}.5`],
    ['hex', '0x6925'],
    ['an exponent', '1e12'],
    ['a sign', '-1'],
    ['a plus', `+${String(nowSeconds).slice(1)}`],
    ['milliseconds', String(now.getTime())],
    ['a space before it', ` ${nowSeconds}`],
    ['a line break after it', `${nowSeconds}\n`],
    ['something after it', `${nowSeconds}abc`],
    ['digits of another script', '１７８０３１４４００'],
    ['a date', now.toISOString()],
  ])('is not believed with a timestamp that is %s', (_what, timestamp) => {
    const signature = hmac(key, `msg_1.${timestamp}.${text}`);
    expect(verify({ ...sign(), timestamp, signature })).not.toBeNull();
    expect(verify({ ...sign(), timestamp })).not.toBeNull();
  });

  it('is believed when one of several signatures is right, wherever it stands', () => {
    const signed = sign();
    const wrong = sign(text, otherSecret).signature;
    for (const signature of [`${signed.signature} ${wrong}`, `${wrong} v0,x ${signed.signature}`]) {
      expect(verify({ ...signed, signature })).toBeNull();
    }
  });

  it('is not searched through a thousand signatures', () => {
    const signed = sign();
    const many = Array.from({ length: 1000 }, () => sign(text, otherSecret).signature);
    expect(verify({ ...signed, signature: [...many, signed.signature].join(' ') })).toMatch(/too many/);
    expect(verify({ ...signed, signature: many.join(',') })).not.toBeNull();
  });

  it('is not believed for the sake of headers that objects have a use for', () => {
    const headers = { 'content-type': 'application/cloudevents+json', ['__proto__']: 'x', constructor: 'y' };
    const refusal = cloudEventsAdapter.verify(sourceWith(secret), { ...delivery(sign()), headers });
    expect(refusal).not.toBeNull();
  });

  it('never tells a secret or a digest when it is refused', () => {
    const refusals = [verify(sign(text, otherSecret)), verify({ ...sign(), signature: 'v1,x' })];
    for (const refusal of refusals) {
      expect(refusal).toMatch(/^The signature was not accepted: [a-z ]+\.$/);
    }
  });
});

describe('a source whose secret is being replaced', () => {
  it('believes every secret that it has, and none that it had', () => {
    const rotating = sourceWith(secret, otherSecret);
    expect(verify(sign(text, secret), rotating)).toBeNull();
    expect(verify(sign(text, otherSecret), rotating)).toBeNull();
    expect(verify(sign(text, retiredSecret), rotating)).not.toBeNull();
    expect(verify(sign(text, secret), sourceWith(otherSecret))).not.toBeNull();
  });

  it('does not believe a delivery that was meant for another source', () => {
    const sources = parseSources(JSON.stringify({ a: { secrets: [secret] }, b: { secrets: [otherSecret] } }));
    const [a, b] = [sources.get('a'), sources.get('b')];
    if (a === undefined || b === undefined) throw new Error('A source is missing.');
    expect(cloudEventsAdapter.verify(a, delivery(sign()))).toBeNull();
    expect(cloudEventsAdapter.verify(b, delivery(sign()))).not.toBeNull();
  });
});
