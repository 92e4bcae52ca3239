import { describe, expect, it } from 'vitest';
import type { GrantCredentials } from '../../lib/showpad/credentials.ts';
import { OneUseEndpoint, password, TokenRig } from './token-containers.ts';

const rig = new TokenRig();

describe('the shared token', () => {
  it('is asked for once by fifty containers that start together', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => rig.obtain(rig.start())));
    expect(new Set(all)).toEqual(new Set(['access-1']));
    expect(rig.endpoint.asked).toEqual(['refresh-0']);
  });

  it('is renewed once when fifty containers find it dead, with the refresh token that came last', async () => {
    const first = await rig.obtain(rig.start());
    rig.later(600);
    const all = await Promise.all(Array.from({ length: 50 }, () => rig.obtain(rig.start(), first)));
    expect(new Set(all)).toEqual(new Set(['access-2']));
    expect(rig.endpoint.asked).toEqual(['refresh-0', 'refresh-1']);
  });

  it('costs a container that is refused a token which is not the newest no renewal', async () => {
    const [one, other] = [rig.start(), rig.start()];
    const first = await rig.obtain(one);
    await rig.obtain(other);
    expect(await rig.obtain(one, first)).toBe('access-2');
    expect(await rig.obtain(other, first)).toBe('access-2');
    expect(rig.endpoint.asked).toHaveLength(2);
  });

  it('is good for about 80 % of its life, and renewed after that', async () => {
    const begin = rig.now;
    const { until } = await rig.start().obtain(null);
    expect(until).toBe(begin + 0.8 * 3_600_000);
    for (const chance of [0, 1]) {
      const held = await rig.start({ random: () => chance }).obtain(null);
      expect((held.until - begin) / 3_600_000).toBeCloseTo(chance === 0 ? 0.72 : 0.88);
    }
    rig.later(0.71 * 3_600);
    expect(await rig.obtain(rig.start())).toBe('access-1');
    rig.later(0.02 * 3_600);
    expect(await rig.obtain(rig.start())).toBe('access-2');
  });

  it('is used while it lasts by those who do not renew it', async () => {
    await rig.obtain(rig.start());
    rig.later(0.9 * 3_600);
    const { promise: renewed, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: reached } = Promise.withResolvers<void>();
    rig.endpoint.onAsk = () => {
      reached();
      return renewed;
    };
    const renewal = rig.obtain(rig.start());
    await asked;
    expect(await rig.start().obtain(null)).toEqual({ token: 'access-1', until: rig.now + 5_000 });
    answer();
    expect(await renewal).toBe('access-2');
  });

  it.each([1, 0.001])('with a life of %f s is asked for once for each that asks', async (lifetimeSeconds) => {
    rig.endpoint.lifetimeSeconds = lifetimeSeconds;
    expect(await rig.obtain(rig.start())).toBe('access-1');
    expect(rig.endpoint.asked).toHaveLength(1);
    rig.later(1);
    expect(await rig.obtain(rig.start())).toBe('access-2');
    expect(rig.endpoint.asked).toHaveLength(2);
  });

  it('is not replaced again and again where fresh ones are refused too', async () => {
    const first = await rig.obtain(rig.start());
    const second = await rig.obtain(rig.start(), first);
    expect(await rig.obtain(rig.start(), second)).toBe(second);
    expect(rig.endpoint.asked).toHaveLength(2);
    rig.later(31);
    expect(await rig.obtain(rig.start(), second)).toBe('access-3');
  });

  it('of the password grant is got by logging in again, without a refresh token', async () => {
    rig.credentials = password(`user-${rig.tests}`);
    const first = await rig.obtain(rig.start());
    expect(await rig.obtain(rig.start(), first)).toBe('access-2');
    expect(rig.endpoint.asked).toEqual([`user-${rig.tests}`, `user-${rig.tests}`]);
  });

  it('is asked for with the refresh token of the secret once that has changed', async () => {
    await rig.obtain(rig.start());
    rig.endpoint = new OneUseEndpoint('mended');
    rig.credentials = { ...rig.credentials, refreshToken: 'mended' } as GrantCredentials;
    expect(await rig.obtain(rig.start())).toBe('access-1');
    expect(rig.endpoint.asked).toEqual(['mended']);
  });

  it('keeps its refresh token where an answer brings no new one', async () => {
    const lasting = async (grant: GrantCredentials) => ({
      ...(await rig.endpoint.ask(grant)),
      refreshToken: null,
    });
    const first = await rig.obtain(rig.start());
    const second = await rig.obtain(rig.start({ ask: lasting }), first);
    const unasked = new OneUseEndpoint('refresh-1');
    rig.endpoint = unasked;
    rig.later(31);
    await rig.obtain(rig.start(), second);
    expect(unasked.asked).toEqual(['refresh-1']);
  });
});
