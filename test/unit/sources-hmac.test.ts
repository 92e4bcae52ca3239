import { describe, expect, it } from 'vitest';
import { hmacSha256, matchesAny, readDigest } from '../../lib/sources/hmac.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('HMAC-SHA256', () => {
  it.each([
    [
      'case 1',
      Buffer.alloc(20, 0x0b),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      'case 2',
      'Jefe',
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'case 6',
      Buffer.alloc(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('is what RFC 4231 says in its %s', (_case, key, data, digest) => {
    expect(hmacSha256(key, data).toString('hex')).toBe(digest);
  });

  it('is what GitHub publishes for X-Hub-Signature-256', () => {
    const published = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(hmacSha256("It's a Secret to Everybody", 'Hello, World!').toString('hex')).toBe(published);
  });

  it('is what Slack publishes for X-Slack-Signature', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const published = 'a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
    const digest = hmacSha256('8f742231b10e8888abcd99yyyzzz85a5', 'v0:1531420618:', body);
    expect(digest.toString('hex')).toBe(published);
  });

  it('is what Standard Webhooks publishes', () => {
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const digest = hmacSha256(
      key,
      'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.',
      Buffer.from('{"test": 2432232314}'),
    );
    expect(digest.toString('base64')).toBe('g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is what Showpad documents: the body first, then a dot and the timestamp', () => {
    const digest = hmacSha256('secret', '{ "hello": "world" }', '.1669302166');
    expect(digest.toString('base64')).toBe('UXZqgxKMaEBbADd/0H49DETbs6bpWYqUleXx2HNLob8=');
  });
});

describe('a digest in a header', () => {
  const digest = hmacSha256('key', 'text');

  it('is read in its one spelling and in no other', () => {
    expect(readDigest(digest.toString('base64'), 'base64')).toEqual(digest);
    expect(readDigest(digest.toString('hex'), 'hex')).toEqual(digest);
    const base64 = digest.toString('base64');
    const others = ['', base64.slice(0, 16), `${base64}=`, base64.slice(0, -1), ` ${base64}`, `${base64}\n`];
    for (const text of [...others, digest.toString('hex')]) expect(readDigest(text, 'base64')).toBeNull();
    for (const text of ['', base64, digest.toString('hex').toUpperCase()])
      expect(readDigest(text, 'hex')).toBeNull();
  });

  it('matches when it is one of several, and never when its length differs', () => {
    const other = hmacSha256('other key', 'text');
    expect(matchesAny([other, digest], [digest])).toBe(true);
    expect(matchesAny([digest], [other, digest])).toBe(true);
    expect(matchesAny([digest], [other])).toBe(false);
    expect(matchesAny([digest], [digest.subarray(0, 16), Buffer.concat([digest, hex('00')])])).toBe(false);
    expect(matchesAny([], [digest])).toBe(false);
    expect(matchesAny([digest], [])).toBe(false);
  });
});
