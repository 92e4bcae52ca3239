import { createHash, createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cloudEventsAdapter } from '../../lib/sources/cloudevents.ts';
import { parseSources, type Delivery, type Source } from '../../lib/sources/source.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const otherSecret = `whsec_${Buffer.from('another secret of 24 by.').toString('base64')}`;
const retiredSecret = `whsec_${Buffer.from('a retired secret of 27 byte').toString('base64')}`;
const now = new Date('2026-06-01T12:00:00Z');
const nowSeconds = now.getTime() / 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now });
});
afterEach(() => {
  vi.useRealTimers();
});

function sourceWith(...secrets: string[]): Source {
  const source = parseSources(JSON.stringify({ demo: { adapter: 'cloudevents', secrets } })).get('demo');
  if (source === undefined) throw new Error('There is no source.');
  return source;
}

interface Signed {
  readonly body: Buffer;
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

const event = {
  specversion: '1.0',
  id: 'event-1',
  source: '/dam',
  type: 'asset.archive',
  subject: 'a',
  time: '2026-06-01T11:59:59Z',
};
const text = JSON.stringify(event);

function sign(body: string | Buffer = text, key = secret, at = nowSeconds): Signed {
  const signature = new Webhook(key).sign('msg_1', new Date(at * 1000), Buffer.from(body));
  return { body: Buffer.from(body), id: 'msg_1', timestamp: String(at), signature };
}

function delivery(signed: Signed, headers: Readonly<Record<string, string | undefined>> = {}): Delivery {
  return {
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': signed.id,
      'webhook-timestamp': signed.timestamp,
      'webhook-signature': signed.signature,
      ...headers,
    },
    body: signed.body,
    receivedAt: now,
  };
}

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

describe('the list of sources', () => {
  it.each([
    ['a short secret', { secrets: ['whsec_AAAA'] }, 'demo.secrets.0'],
    ['a secret that is no base64', { secrets: ['whsec_hunter2!'] }, 'demo.secrets.0'],
    ['no secret', { secrets: [] }, 'demo.secrets'],
    ['six secrets', { secrets: Array.from({ length: 6 }, () => secret) }, 'demo.secrets'],
    ['an unknown adapter', { secrets: [secret], adapter: 'carrier-pigeon' }, 'demo.adapter'],
    ['an unknown meaning of a delete', { secrets: [secret], onDelete: 'hunter2' }, 'demo.onDelete'],
  ])('is not usable with %s, and says so without a value', (_what, source, field) => {
    const parse = () => parseSources(JSON.stringify({ demo: source }));
    expect(parse).toThrow(field);
    expect(parse).not.toThrow(/hunter2|whsec_[A-Z]/);
  });

  it('is not usable when it is no JSON or names a source with a colon', () => {
    expect(() => parseSources('hunter2')).toThrow(/^The sources are not usable: they are not JSON\.$/);
    expect(() => parseSources(JSON.stringify({ 'a:b': { secrets: [secret] } }))).toThrow('a:b');
  });

  it('holds no source that only objects have', () => {
    expect(parseSources(JSON.stringify({ demo: { secrets: [secret] } })).get('constructor')).toBeUndefined();
  });
});

describe('the content of a delivery', () => {
  const translate = (body: string, headers: Readonly<Record<string, string | undefined>> = {}) =>
    cloudEventsAdapter.translate(sourceWith(secret), delivery(sign(body), headers));
  const batchType = { 'content-type': 'application/cloudevents-batch+json' };
  const batchOf = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_none, index) => ({ ...event, id: `event-${index}` })));
  const faultsOf = (translation: ReturnType<typeof translate>) =>
    translation.kind === 'invalid' ? translation.faults.map(({ field }) => field) : translation.kind;

  it.each([
    'application/cloudevents+json',
    'Application/CloudEvents+JSON',
    'application/cloudevents+json; charset=utf-8',
    'application/cloudevents+json;charset="UTF-8"',
    'application/cloudevents+json; profile=x',
  ])('is an event when its type is %s', (contentType) => {
    const translation = translate(text, { 'content-type': contentType });
    expect(translation).toMatchObject({ kind: 'events', events: [{ id: 'event-1', subject: 'a' }] });
  });

  it.each([
    undefined,
    '',
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/cloudevents',
    'application/cloudevents+xml',
    'application/cloudevents+json; charset=utf-16',
    'application/cloudevents+json; charset=iso-8859-1',
    'application/cloudevents-batch+json; charset=latin1',
  ])('is not taken when its type is %s', (contentType) => {
    expect(translate(text, { 'content-type': contentType }).kind).toBe('unsupported');
  });

  it('is not taken in binary mode, whose headers nobody has signed', () => {
    const headers = {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-type': 'asset.archive',
      'ce-source': '/dam',
      'ce-subject': 'a',
    };
    expect(translate('{}', headers)).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('binary mode'),
    });
  });

  it.each([
    ['gzip', 'unsupported'],
    ['br', 'unsupported'],
    ['identity', 'events'],
  ])('compressed as %s is %s', (encoding, kind) => {
    expect(translate(text, { 'content-encoding': encoding }).kind).toBe(kind);
  });

  it.each([1, 2, 100])('may be a batch of %i', (count) => {
    const translation = translate(batchOf(count), batchType);
    expect(translation.kind === 'events' && translation.events.map(({ id }) => id)).toEqual(
      Array.from({ length: count }, (_none, index) => `event-${index}`),
    );
  });

  it.each([0, 101])('may not be a batch of %i', (count) => {
    expect(faultsOf(translate(batchOf(count), batchType))).toEqual(['(body)']);
  });

  it('is one event or a batch, as its type says', () => {
    expect(faultsOf(translate(batchOf(1)))).toEqual(['(body)']);
    expect(faultsOf(translate(text, batchType))).toEqual(['(body)']);
  });

  it.each(['', ' ', '{', '{"a":1,}', '{/*x*/}', 'NaN', '\ufeff{}', "{'a':1}"])(
    'is no JSON when it is %j',
    (body) => {
      for (const headers of [{}, batchType]) {
        expect(translate(body, headers)).toEqual({
          kind: 'invalid',
          faults: [{ field: '(body)', message: 'is not JSON' }],
        });
      }
    },
  );

  it.each(['null', '[]', '"x"', '1e999'])('is no event when it is %s', (body) => {
    expect(faultsOf(translate(body))).toEqual(['(body)']);
  });

  it('names every fault of every event of a batch, and gives none of its events', () => {
    const { subject: _subject, ...nameless } = event;
    const batch = [event, nameless, { ...event, type: 'asset.delete', data: { why: 'x' } }, 7];
    expect(faultsOf(translate(JSON.stringify(batch), batchType))).toEqual([
      '[1].subject',
      '[2].data.why',
      '[3]',
    ]);
  });

  it('takes the last of two equal keys', () => {
    const translation = translate(`{"subject":"first",${text.slice(1)}`);
    expect(translation).toMatchObject({ kind: 'events', events: [{ subject: 'a' }] });
  });

  it('may be nested deeper than any stack', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(faultsOf(translate(deep))).toEqual(['(body)']);
    expect(faultsOf(translate(deep, batchType))).toEqual(['[0]']);
  });

  it('with twenty thousand unknown keys is refused with all of them', () => {
    const keys = Array.from({ length: 20_000 }, (_none, index) => `"k${index}":1`).join(',');
    const body = JSON.stringify({ ...event, type: 'asset.metadata', data: 0 }).replace(
      '"data":0',
      `"data":{"metadata":{${keys}}}`,
    );
    const translation = translate(body);
    expect(faultsOf(translation)).toHaveLength(20_000);
  });
});
