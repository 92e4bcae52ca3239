import { describe, expect, it } from 'vitest';
import { ShowpadError } from '../../lib/showpad/errors.ts';
import { CredentialsRefused } from '../../lib/showpad/oauth.ts';
import { container, OneUseEndpoint, storeOf, TokenRig } from './token-containers.ts';

const rig = new TokenRig();
const failure = (status: number, retryAfterSeconds: number | null = null): ShowpadError =>
  new ShowpadError({
    operation: 'POST /oauth2/token',
    kind: 'response',
    status,
    title: 'x',
    retryAfterSeconds,
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
    const containers = Array.from({ length: 20 }, () => rig.start(options));
    const errors = await Promise.all(containers.map((token) => rig.putOff(token)));
    expect(tries).toBe(1);
    expect(refusals).toEqual(['invalid_grant']);
    for (const { message, afterSeconds } of errors) {
      expect(message).toMatch(/^Showpad refuses the connector's credentials \(invalid_grant\)\. Put right/);
      expect(afterSeconds).toBe(90);
    }
    for (let minute = 1; minute < 15; minute += 1) {
      rig.later(60);
      await Promise.all(containers.map((token) => rig.putOff(token)));
    }
    expect(tries).toBe(1);
    rig.later(60);
    await Promise.all(containers.map((token) => rig.putOff(token)));
    expect(tries).toBe(2);
  });

  it('leave a token that still works in use', async () => {
    await rig.obtain(rig.start());
    rig.later(0.9 * 3_600);
    const { token, until } = await rig.start(refuse).obtain(null);
    expect({ token, until }).toEqual({ token: 'access-1', until: rig.now + 0.1 * 3_600_000 });
  });

  it('are forgotten when they work again, and never stand in the way of others', async () => {
    await rig.putOff(rig.start(refuse));
    const mended = { ...rig.credentials, refreshToken: 'refresh-0', clientSecret: `mended-${rig.tests}` };
    const token = container(rig.table(), mended, rig.endpoint, { now: () => rig.now });
    expect(await rig.obtain(token)).toBe('access-1');
    rig.later(15 * 60 + 1);
    rig.endpoint = new OneUseEndpoint();
    expect(await rig.obtain(rig.start())).toBe('access-1');
    expect((await storeOf(rig.table(), rig.credentials).read()).pause).toBeNull();
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
        [rig.start(options), rig.start(options), rig.start(options)].map((token) => rig.putOff(token)),
      );
      const { afterSeconds } = errors[0] ?? { afterSeconds: null };
      waits.push(afterSeconds);
      rig.later((afterSeconds ?? 0) - 2.5);
    }
    expect(tries).toBe(9);
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((longest) => longest * 0.75 + 2.5));
    expect(await rig.obtain(rig.start())).toBe('access-1');
  });

  it('is asked again when its Retry-After says so', async () => {
    await rig.putOff(rig.start({ ask: () => Promise.reject(failure(429, 42)) }));
    rig.later(41);
    expect((await rig.putOff(rig.start())).afterSeconds).toBe(1 + 2.5);
    rig.later(1);
    expect(await rig.obtain(rig.start())).toBe('access-1');
  });

  it('leaves a token that still works in use', async () => {
    await rig.obtain(rig.start());
    rig.later(0.9 * 3_600);
    const { token, until } = await rig.start({ ask: () => Promise.reject(failure(502)) }).obtain(null);
    expect({ token, until }).toEqual({ token: 'access-1', until: rig.now + 3_750 });
  });
});
