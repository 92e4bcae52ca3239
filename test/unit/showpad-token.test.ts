import { beforeEach, describe, expect, it } from 'vitest';
import { CredentialsSecret } from '../../lib/credentials-secret.ts';
import { TryAgain } from '../../lib/reasons.ts';
import type { HeldToken, SharedToken } from '../../lib/shared-token.ts';
import { ShowpadToken } from '../../lib/showpad-token.ts';

const grant = { grant: 'password', clientId: 'c', clientSecret: 's', username: 'u', password: 'p' };

let now: number;
let secret: string;
let reads: number;
let asked: { readonly username: string; readonly refused: string | null }[];
/** What the shared token is when it is asked next. */
let answer: () => Promise<HeldToken>;
beforeEach(() => {
  now = 0;
  reads = 0;
  asked = [];
  secret = JSON.stringify(grant);
  answer = () => Promise.resolve({ token: `access-${asked.length}`, until: now + 1_000 });
});

function start(): ShowpadToken {
  const credentials = new CredentialsSecret(
    () => {
      reads += 1;
      return Promise.resolve(secret);
    },
    () => now,
  );
  return new ShowpadToken({
    readCredentials: () => credentials.get(),
    share: (shared) => {
      const username = shared.grant === 'password' ? shared.username : '';
      const obtain = (refused: string | null): Promise<HeldToken> => {
        asked.push({ username, refused });
        return answer();
      };
      return { obtain } as SharedToken;
    },
    now: () => now,
  });
}

describe('the token of a container', () => {
  it('costs nothing while it is good, and is looked up once for all who ask', async () => {
    const token = start();
    const all = await Promise.all(Array.from({ length: 10 }, () => token.get()));
    expect(new Set(all)).toEqual(new Set(['access-1']));
    now = 999;
    expect(await token.get()).toBe('access-1');
    expect(asked).toHaveLength(1);
    now = 1_000;
    expect(await token.get()).toBe('access-2');
  });

  it('is refused by value: late refusals of the old one change nothing', async () => {
    const token = start();
    const first = await token.get();
    token.reject(first);
    token.reject(first);
    expect(await token.get()).toBe('access-2');
    token.reject(first);
    expect(await token.get()).toBe('access-2');
    expect(asked.map(({ refused }) => refused)).toEqual([null, 'access-1']);
  });

  it('that is refused while it is looked up again is not handed out', async () => {
    const token = start();
    const first = await token.get();
    now = 1_000;
    const { promise, resolve } = Promise.withResolvers<HeldToken>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    answer = () => {
      reach();
      return promise;
    };
    const looked = token.get();
    await reached;
    token.reject(first);
    answer = () => Promise.resolve({ token: 'newer', until: 9_000 });
    resolve({ token: first, until: 9_000 });
    expect(await looked).toBe('newer');
    expect(asked.at(-1)?.refused).toBe(first);
  });

  it('is used once though it is past its time when it comes', async () => {
    answer = () => Promise.resolve({ token: `access-${asked.length}`, until: now - 1 });
    const token = start();
    expect(await token.get()).toBe('access-1');
    expect(await token.get()).toBe('access-2');
  });

  it('is looked up again after a failure', async () => {
    answer = () => Promise.reject(new TryAgain('wait'));
    const token = start();
    await expect(token.get()).rejects.toThrow('wait');
    answer = () => Promise.resolve({ token: 'access', until: 9 });
    expect(await token.get()).toBe('access');
  });

  it('follows a changed secret, at the latest 30 s after it was last read', async () => {
    const token = start();
    await token.get();
    secret = JSON.stringify({ ...grant, username: 'other' });
    now = 29_999;
    await token.get();
    now = 31_000;
    await token.get();
    expect(asked.map(({ username }) => username)).toEqual(['u', 'u', 'other']);
  });
});

describe('a personal token', () => {
  it('is read once, and again when it was refused, at most every 30 s', async () => {
    secret = '{"token":"one"}';
    const token = start();
    expect(await Promise.all([token.get(), token.get()])).toEqual(['one', 'one']);
    now = 86_400_000;
    expect(await token.get()).toBe('one');
    expect(reads).toBe(1);

    for (let refusals = 0; refusals < 100; refusals += 1) {
      token.reject('one');
      expect(await token.get()).toBe('one');
    }
    expect(reads).toBe(2);
    secret = '{"token":"mended"}';
    now += 30_000;
    token.reject('one');
    expect(await token.get()).toBe('mended');
  });

  it('may give way to a grant, and the other way round', async () => {
    secret = '{"token":"one"}';
    const token = start();
    token.reject(await token.get());
    secret = JSON.stringify(grant);
    now = 30_000;
    expect(await token.get()).toBe('access-1');
    secret = '{"token":"two"}';
    now = 60_000;
    expect(await token.get()).toBe('two');
  });
});

describe('the secret with the credentials', () => {
  const password = JSON.stringify({ ...grant, password: 'canary' });
  it.each([
    ['no JSON', 'canary', 'is not JSON'],
    ['no object', '"canary"', '(all): '],
    ['an empty object', '{}', 'token: '],
    ['a token with spaces', '{"token":"can ary"}', 'token: must be a token without spaces'],
    ['more than a token', '{"token":"canary","canary":1}', '(all): has keys that are not expected'],
    ['an unknown grant', '{"grant":"canary"}', 'grant: must be "password" or "refresh_token"'],
    ['a grant without a user', password.replace('"u"', '""'), 'username: must not be empty'],
    ['a client without a secret', password.replace('"clientSecret":"s",', ''), 'clientSecret: '],
    ['a refresh token in the wrong grant', '{"grant":"password","refreshToken":"canary"}', 'username: '],
  ])('with %s puts work off and says why, and no value', async (_what, text, message) => {
    const error: unknown = await new CredentialsSecret(() => Promise.resolve(text))
      .get()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TryAgain);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/can ?ary/);
  });

  it('that is not usable is not read again at once', async () => {
    const credentials = new CredentialsSecret(
      () => {
        reads += 1;
        return Promise.resolve('{}');
      },
      () => now,
    );
    for (let calls = 0; calls < 5; calls += 1) await expect(credentials.get()).rejects.toThrow(TryAgain);
    expect(reads).toBe(1);
  });

  it('that cannot be read now is taken as it was, and read again at once where it never was', async () => {
    let isUp = false;
    const read = () => (isUp ? Promise.resolve('{"token":"one"}') : Promise.reject(new Error('It is down.')));
    const credentials = new CredentialsSecret(read, () => now);
    await expect(credentials.get()).rejects.toThrow('It is down.');
    isUp = true;
    expect(await credentials.get()).toEqual({ token: 'one' });
    isUp = false;
    now = 60_000;
    expect(await credentials.get()).toEqual({ token: 'one' });
  });
});
