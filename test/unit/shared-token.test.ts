import { beforeEach, describe, expect, it } from 'vitest';
import { TryAgain } from '../../lib/reasons.ts';
import type { SharedToken, SharedTokenOptions } from '../../lib/shared-token.ts';
import type { GrantCredentials } from '../../lib/showpad/credentials.ts';
import { ShowpadError } from '../../lib/showpad/errors.ts';
import { CredentialsRefused, TooLateToSend } from '../../lib/showpad/oauth.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { client, container, OneUseEndpoint, password, storeOf } from './token-containers.ts';

const table = useEmbeddedTable();
let now: number;
let endpoint: OneUseEndpoint;
let credentials: GrantCredentials;
let tests = 0;
beforeEach(() => {
  tests += 1;
  now = Date.parse('2026-01-01T00:00:00Z');
  endpoint = new OneUseEndpoint();
  credentials = {
    grant: 'refresh_token',
    ...client,
    clientSecret: `canary-secret-${tests}`,
    refreshToken: 'refresh-0',
  };
});

const start = (options: Partial<SharedTokenOptions> = {}): SharedToken =>
  container(table(), credentials, endpoint, { now: () => now, random: () => 0.5, ...options });
const later = (seconds: number): void => {
  now += seconds * 1_000;
};
const obtain = async (token: SharedToken, refused: string | null = null): Promise<string> =>
  (await token.obtain(refused)).token;
const putOff = async (token: SharedToken, refused: string | null = null): Promise<TryAgain> => {
  const error: unknown = await token.obtain(refused).catch((reason: unknown) => reason);
  if (error instanceof TryAgain) return error;
  throw new Error(`It was not put off: ${String(error)}`);
};
const failure = (status: number, retryAfterSeconds: number | null = null): ShowpadError =>
  new ShowpadError({
    operation: 'POST /oauth2/token',
    kind: 'response',
    status,
    title: 'x',
    retryAfterSeconds,
  });

describe('the shared token', () => {
  it('is asked for once by fifty containers that start together', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => obtain(start())));
    expect(new Set(all)).toEqual(new Set(['access-1']));
    expect(endpoint.asked).toEqual(['refresh-0']);
  });

  it('is renewed once when fifty containers find it dead, with the refresh token that came last', async () => {
    const first = await obtain(start());
    later(600);
    const all = await Promise.all(Array.from({ length: 50 }, () => obtain(start(), first)));
    expect(new Set(all)).toEqual(new Set(['access-2']));
    expect(endpoint.asked).toEqual(['refresh-0', 'refresh-1']);
  });

  it('costs a container that is refused a token which is not the newest no renewal', async () => {
    const [one, other] = [start(), start()];
    const first = await obtain(one);
    await obtain(other);
    expect(await obtain(one, first)).toBe('access-2');
    expect(await obtain(other, first)).toBe('access-2');
    expect(endpoint.asked).toHaveLength(2);
  });

  it('is good for about 80 % of its life, and renewed after that', async () => {
    const begin = now;
    const { until } = await start().obtain(null);
    expect(until).toBe(begin + 0.8 * 3_600_000);
    for (const chance of [0, 1]) {
      const held = await start({ random: () => chance }).obtain(null);
      expect((held.until - begin) / 3_600_000).toBeCloseTo(chance === 0 ? 0.72 : 0.88);
    }
    later(0.71 * 3_600);
    expect(await obtain(start())).toBe('access-1');
    later(0.02 * 3_600);
    expect(await obtain(start())).toBe('access-2');
  });

  it('is used while it lasts by those who do not renew it', async () => {
    await obtain(start());
    later(0.9 * 3_600);
    const { promise: renewed, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: reached } = Promise.withResolvers<void>();
    endpoint.onAsk = () => {
      reached();
      return renewed;
    };
    const renewal = obtain(start());
    await asked;
    expect(await start().obtain(null)).toEqual({ token: 'access-1', until: now + 5_000 });
    answer();
    expect(await renewal).toBe('access-2');
  });

  it.each([1, 0.001])('with a life of %f s is asked for once for each that asks', async (lifetimeSeconds) => {
    endpoint.lifetimeSeconds = lifetimeSeconds;
    expect(await obtain(start())).toBe('access-1');
    expect(endpoint.asked).toHaveLength(1);
    later(1);
    expect(await obtain(start())).toBe('access-2');
    expect(endpoint.asked).toHaveLength(2);
  });

  it('is not replaced again and again where fresh ones are refused too', async () => {
    const first = await obtain(start());
    const second = await obtain(start(), first);
    expect(await obtain(start(), second)).toBe(second);
    expect(endpoint.asked).toHaveLength(2);
    later(31);
    expect(await obtain(start(), second)).toBe('access-3');
  });

  it('of the password grant is got by logging in again, without a refresh token', async () => {
    credentials = password(`user-${tests}`);
    const first = await obtain(start());
    expect(await obtain(start(), first)).toBe('access-2');
    expect(endpoint.asked).toEqual([`user-${tests}`, `user-${tests}`]);
  });

  it('is asked for with the refresh token of the secret once that has changed', async () => {
    await obtain(start());
    endpoint = new OneUseEndpoint('mended');
    credentials = { ...credentials, refreshToken: 'mended' } as GrantCredentials;
    expect(await obtain(start())).toBe('access-1');
    expect(endpoint.asked).toEqual(['mended']);
  });

  it('keeps its refresh token where an answer brings no new one', async () => {
    const lasting = async (grant: GrantCredentials) => ({
      ...(await endpoint.ask(grant)),
      refreshToken: null,
    });
    const first = await obtain(start());
    const second = await obtain(start({ ask: lasting }), first);
    const unasked = new OneUseEndpoint('refresh-1');
    endpoint = unasked;
    later(31);
    await obtain(start(), second);
    expect(unasked.asked).toEqual(['refresh-1']);
  });
});

describe('a renewal', () => {
  it('whose container died is done by another, once the right to it has run out', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    endpoint.onAsk = () => {
      resolve();
      return new Promise<void>(() => undefined);
    };
    void obtain(start());
    await reached;
    endpoint.onAsk = () => undefined;
    const waiting = start({
      sleep: (delayMs) => {
        later(delayMs / 1_000);
        return Promise.resolve();
      },
    });
    const error = await putOff(waiting);
    expect(error.afterSeconds).toBeGreaterThanOrEqual(5);
    expect(error.afterSeconds).toBeLessThanOrEqual(10);
    expect(endpoint.asked).toHaveLength(1);
    later(25);
    expect(await obtain(start())).toBe('access-2');
  });

  it('whose container was frozen sends nothing when its time is over', async () => {
    let sent = 0;
    const frozen = start({
      ask: async (grant, mayStillSend) => {
        if (sent === 0 && endpoint.asked.length === 0) {
          expect(mayStillSend()).toBe(true);
          later(31);
          // Meanwhile another has taken over.
          expect(await obtain(start())).toBe('access-1');
        }
        if (!mayStillSend()) throw new TooLateToSend('late');
        sent += 1;
        return endpoint.ask(grant);
      },
    });
    expect(await obtain(frozen)).toBe('access-1');
    expect(sent).toBe(0);
    expect(endpoint.asked).toEqual(['refresh-0']);
  });

  it('may be sent only while nobody else can have the right, whatever the request takes', async () => {
    const allowed: boolean[] = [];
    const token = start({
      ask: (grant, mayStillSend) => {
        for (const seconds of [15, 0.001]) {
          later(seconds);
          allowed.push(mayStillSend());
        }
        return endpoint.ask(grant);
      },
    });
    await obtain(token);
    expect(allowed).toEqual([true, false]);
  });

  it('that comes back late is stored, and saves those whom its refresh token is refused', async () => {
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    const { promise: used, resolve } = Promise.withResolvers<void>();
    endpoint.onAnswer = () => {
      resolve();
      return thawed;
    };
    const late = obtain(start());
    await used;
    endpoint.onAnswer = () => undefined;
    later(31);
    await putOff(start());
    expect(endpoint.asked).toEqual(['refresh-0', 'refresh-0']);
    thaw();
    expect(await late).toBe('access-1');
    expect(await obtain(start())).toBe('access-1');
    expect(await obtain(start(), 'access-1')).toBe('access-3');
    expect(endpoint.asked.at(-1)).toBe('refresh-1');
  });

  it('that comes back after another was stored changes nothing', async () => {
    credentials = password(`user-${tests}`);
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    const { promise: used, resolve } = Promise.withResolvers<void>();
    endpoint.onAnswer = () => {
      resolve();
      return thawed;
    };
    const late = obtain(start());
    await used;
    endpoint.onAnswer = () => undefined;
    later(31);
    expect(await obtain(start())).toBe('access-2');
    thaw();
    expect(await late).toBe('access-2');
  });

  it('that cannot be stored is not used, and stored by the next who asks', async () => {
    const { middlewareStack } = table().database;
    let writes = 0;
    middlewareStack.add(
      (next, { commandName }) =>
        (request) => {
          if (commandName === 'UpdateItemCommand') writes += 1;
          if (commandName === 'UpdateItemCommand' && writes <= 1) throw new Error('The table is away.');
          return next(request);
        },
      { step: 'initialize', name: 'away' },
    );
    const token = start();
    await expect(token.obtain(null).finally(() => middlewareStack.remove('away'))).rejects.toThrow('away');
    expect(await obtain(token)).toBe('access-1');
    expect(await obtain(start())).toBe('access-1');
    expect(endpoint.asked).toEqual(['refresh-0']);
  });

  it('is one also when the SDK has asked the table twice, because an answer was lost', async () => {
    const { middlewareStack } = table().database;
    middlewareStack.add(
      (next, { commandName }) =>
        async (request) => {
          if (commandName !== 'GetItemCommand') await next(request).catch(() => undefined);
          return next(request);
        },
      { step: 'initialize', name: 'ask-twice' },
    );
    try {
      expect(await obtain(start())).toBe('access-1');
      expect(await obtain(start(), 'access-1')).toBe('access-2');
    } finally {
      middlewareStack.remove('ask-twice');
    }
    expect(endpoint.asked).toEqual(['refresh-0', 'refresh-1']);
  });
});

describe('refused credentials', () => {
  const refuse = { ask: () => Promise.reject(new CredentialsRefused('invalid_grant')) };

  it('are tried once in 15 minutes by all containers, and work waits', async () => {
    let tries = 0;
    const refusals: string[] = [];
    const options = {
      ask: () => {
        tries += 1;
        return Promise.reject(new CredentialsRefused('invalid_grant'));
      },
      onRefused: (why: string) => refusals.push(why),
    };
    const containers = Array.from({ length: 20 }, () => start(options));
    const errors = await Promise.all(containers.map((token) => putOff(token)));
    expect(tries).toBe(1);
    expect(refusals).toEqual(['invalid_grant']);
    for (const { message, afterSeconds } of errors) {
      expect(message).toMatch(/^Showpad refuses the connector's credentials \(invalid_grant\)\. Put right/);
      expect(afterSeconds).toBe(90);
    }
    for (let minute = 1; minute < 15; minute += 1) {
      later(60);
      await Promise.all(containers.map((token) => putOff(token)));
    }
    expect(tries).toBe(1);
    later(60);
    await Promise.all(containers.map((token) => putOff(token)));
    expect(tries).toBe(2);
  });

  it('leave a token that still works in use', async () => {
    await obtain(start());
    later(0.9 * 3_600);
    const { token, until } = await start(refuse).obtain(null);
    expect({ token, until }).toEqual({ token: 'access-1', until: now + 0.1 * 3_600_000 });
  });

  it('are forgotten when they work again, and never stand in the way of others', async () => {
    await putOff(start(refuse));
    const mended = { ...credentials, refreshToken: 'refresh-0', clientSecret: `mended-${tests}` };
    const token = container(table(), mended as GrantCredentials, endpoint, { now: () => now });
    expect(await obtain(token)).toBe('access-1');
    later(15 * 60 + 1);
    endpoint = new OneUseEndpoint();
    expect(await obtain(start())).toBe('access-1');
    expect((await storeOf(table(), credentials).read()).pause).toBeNull();
  });
});

describe('a token endpoint that fails', () => {
  it('is left alone for longer and longer, by all containers', async () => {
    let tries = 0;
    const options = {
      ask: () => {
        tries += 1;
        return Promise.reject(failure(503));
      },
    };
    const waits: (number | null)[] = [];
    for (let failures = 0; failures < 9; failures += 1) {
      const errors = await Promise.all(
        [start(options), start(options), start(options)].map((token) => putOff(token)),
      );
      const { afterSeconds } = errors[0] ?? { afterSeconds: null };
      waits.push(afterSeconds);
      later((afterSeconds ?? 0) - 2.5);
    }
    expect(tries).toBe(9);
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((longest) => longest * 0.75 + 2.5));
    expect(await obtain(start())).toBe('access-1');
  });

  it('is asked again when its Retry-After says so', async () => {
    await putOff(start({ ask: () => Promise.reject(failure(429, 42)) }));
    later(41);
    expect((await putOff(start())).afterSeconds).toBe(1 + 2.5);
    later(1);
    expect(await obtain(start())).toBe('access-1');
  });

  it('leaves a token that still works in use', async () => {
    await obtain(start());
    later(0.9 * 3_600);
    const { token, until } = await start({ ask: () => Promise.reject(failure(502)) }).obtain(null);
    expect({ token, until }).toEqual({ token: 'access-1', until: now + 3_750 });
  });
});
