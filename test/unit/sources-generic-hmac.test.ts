import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseSources } from '../../lib/sources/source-list.ts';
import { deliveryOf, eventsOf, faultsOf, sourceOf, verify } from './vendor-source.ts';

const secret = "It's a Secret to Everybody";
const mapping = {
  event: {
    id: 'delivery',
    subject: 'asset.id',
    type: { path: 'event', table: { published: 'asset.upsert', removed: 'asset.delete' } },
    time: 'at',
    sequence: 'asset.version',
  },
  file: { url: 'asset.download', name: 'asset.filename' },
  metadata: { name: 'asset.title' },
};
const github = {
  adapter: 'hmac',
  secrets: [secret],
  signature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
  mapping,
};
const source = sourceOf(github);
const now = new Date('2026-01-01T00:00:00Z');
const seconds = String(now.getTime() / 1_000);

describe('a signature as the settings describe it', () => {
  it('is what GitHub publishes', () => {
    const published = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const signed = (signature: string, body = 'Hello, World!') =>
      verify(source, deliveryOf(body, { 'x-hub-signature-256': signature }));
    expect(signed(`sha256=${published}`)).toBeNull();
    expect(signed(`sha256=${published.toUpperCase()}`)).toBeNull();
    expect(signed(published)).toMatch(/not accepted/);
    expect(signed(`sha1=${published}`)).toMatch(/not accepted/);
    expect(signed(`sha256=${published}`, 'Hello, World')).toMatch(/not accepted/);
    expect(signed(`sha256=${'0'.repeat(64)}, sha256=${published}`)).toBeNull();
    expect(signed(Array.from({ length: 11 }, () => `sha256=${published}`).join(' '))).toMatch(/too many/);
    expect(verify(source, deliveryOf('Hello, World!'))).toBe('The header x-hub-signature-256 must be there.');
  });

  it('is what Slack publishes, with a timestamp that is signed', () => {
    const slack = sourceOf({
      ...github,
      secrets: ['8f742231b10e8888abcd99yyyzzz85a5'],
      signature: {
        header: 'x-slack-signature',
        prefix: 'v0=',
        content: 'v0:{timestamp}:{body}',
        timestamp: { header: 'x-slack-request-timestamp' },
      },
    });
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      'x-slack-request-timestamp': '1531420618',
    };
    const at = (second: number) => ({ receivedAt: new Date(second * 1_000) });
    expect(verify(slack, deliveryOf(body, headers, at(1_531_420_618)))).toBeNull();
    expect(verify(slack, deliveryOf(body, headers, at(1_531_420_918)))).toBeNull();
    expect(verify(slack, deliveryOf(body, headers, at(1_531_420_919)))).toMatch(/301 seconds off our clock/);
    const moved = { ...headers, 'x-slack-request-timestamp': '1531420619' };
    expect(verify(slack, deliveryOf(body, moved, at(1_531_420_618)))).toMatch(/not accepted/);
  });

  it.each([
    ['sha1', 'hex', 'text', '{method} {path}\n{body}', 'POST /events/vendor\nhi'],
    ['sha512', 'base64', 'base64', '{id}.{timestamp}.{body}', `m-1.${seconds}.hi`],
    ['sha256', 'base64', 'hex', '{timestamp}{body}!', `${seconds}hi!`],
  ] as const)(
    'is made with %s, in %s, by a secret in %s, over %s',
    (algorithm, encoding, secretEncoding, content, text) => {
      const key = Buffer.from('a key of more than sixteen bytes');
      const settings = {
        ...github,
        secrets: [
          'another secret, of no use',
          key.toString(secretEncoding === 'text' ? 'utf8' : secretEncoding),
        ],
        secretEncoding,
        signature: {
          header: 'x-signature',
          algorithm,
          encoding,
          content,
          ...(content.includes('{timestamp}') && { timestamp: { header: 'x-time' } }),
          ...(content.includes('{id}') && { idHeader: 'x-id' }),
        },
      };
      const signature = createHmac(algorithm, key).update(text).digest(encoding);
      const headers = { 'x-signature': signature, 'x-time': seconds, 'x-id': 'm-1' };
      const check = (more: Record<string, string>, delivery = {}) =>
        verify(sourceOf(settings), deliveryOf('hi', { ...headers, ...more }, delivery));
      expect(check({})).toBeNull();
      expect(check({ 'x-signature': signature.slice(1) })).toMatch(/not accepted/);
      if (content.includes('{id}')) expect(check({ 'x-id': 'm-2' })).toMatch(/not accepted/);
      if (content.includes('{path}')) expect(check({}, { path: '/events/other' })).toMatch(/not accepted/);
      if (content.includes('{timestamp}'))
        expect(check({ 'x-time': String(Number(seconds) - 1) })).toMatch(/not accepted/);
    },
  );

  it.each<[string, object, string]>([
    [
      'a tolerance for a time that is not signed',
      { timestamp: { header: 'x-time' } },
      'must hold {timestamp} when',
    ],
    ['a time that no header gives', { content: '{timestamp}.{body}' }, 'must hold {timestamp} when'],
    ['an id that no header gives', { content: '{id}.{body}' }, 'must hold {id} when'],
    ['no body', { content: 'fixed' }, 'must hold {body} once'],
    ['what there is not', { content: '{body}{secret}' }, 'must not use {secret}'],
  ])('is refused as a setting with %s', (_what, signature, message) => {
    const settings = { ...github, signature: { header: 'x-signature', ...signature } };
    expect(() => parseSources(JSON.stringify({ vendor: settings }))).toThrow(message);
  });
});

describe('a payload as the mapping describes it', () => {
  const payload = {
    delivery: 'd-1',
    event: 'published',
    at: '2026-01-01T09:00:00+01:00',
    asset: {
      id: 42,
      version: 7,
      download: 'https://dam.example/42.pdf',
      filename: '42.pdf',
      title: 'Forty-two',
    },
  };

  it('is an event of ours', () => {
    const data = {
      file: { url: 'https://dam.example/42.pdf', name: '42.pdf' },
      metadata: { name: 'Forty-two.pdf' },
    };
    expect(eventsOf(source, payload)).toEqual([
      { id: 'd-1', subject: '42', time: '2026-01-01T08:00:00.000000000Z', type: 'asset.upsert', data },
    ]);
    expect(eventsOf(source, { ...payload, event: 'removed' })).toMatchObject([{ type: 'asset.delete' }]);
    expect(eventsOf(source, { ...payload, event: 'viewed' })).toMatchObject([
      { type: 'ignored', ignoredType: 'viewed' },
    ]);
  });

  it('may name id and type in headers, and have its file asked for', () => {
    const asking = sourceOf({
      ...github,
      mapping: {
        ...mapping,
        file: { name: 'asset.filename' },
        event: { ...mapping.event, id: { header: 'x-delivery' } },
      },
      request: {
        origin: 'https://dam.example',
        path: '/api/assets/{asset.id}/v{asset.version}/file?key={delivery}',
        link: 'url',
        delaySeconds: 10,
      },
    });
    const body = { ...payload, delivery: 'a/b?c' };
    expect(eventsOf(asking, body, { 'x-delivery': 'h-1' })).toMatchObject([
      {
        id: 'h-1',
        data: {
          requested: {
            request: 'https://dam.example/api/assets/42/v7/file?key=a%2Fb%3Fc',
            link: 'url',
            name: '42.pdf',
            notBefore: '2026-01-01T08:00:10.000Z',
          },
        },
      },
    ]);
    const climbing = { ...payload, asset: { ...payload.asset, id: '..' } };
    expect(faultsOf(asking, climbing, { 'x-delivery': 'h-1' })).toEqual([
      'asset.id must hold what the API is asked for',
    ]);
  });

  it.each<[string, string]>([
    ['https://dam.example/path', 'must be an origin'],
    ['https://user@dam.example', 'must be an origin'],
    ['ftp://dam.example', 'must be an http or https URL'],
  ])('is never asked for from %s', (origin, message) => {
    const settings = { ...github, request: { origin, path: '/a' } };
    expect(() => parseSources(JSON.stringify({ vendor: settings }))).toThrow(message);
  });

  it('cannot be read without what an event needs', () => {
    expect(faultsOf(source, { event: 'published' })).toEqual([
      'id is missing',
      'subject is missing',
      'data.file.url is missing (from nothing at asset.download)',
      'data.file.name is missing (from nothing at asset.filename)',
    ]);
  });
});
