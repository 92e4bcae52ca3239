import { describe, expect, it } from 'vitest';
import type { GrantCredentials } from '../../lib/showpad/credentials.ts';
import { password, TokenRig, type OneUseEndpoint } from './token-containers.ts';

const rig = new TokenRig();

/** Where a container dies: before or after so many of its calls to the table and the token endpoint have had effect. */
interface Death {
  readonly call: number;
  readonly when: 'before' | 'after';
}

const forever = new Promise<never>(() => undefined);

/**
 * Lets one container renew a token, which dies on the way: a call of its that is hit never comes back.
 * @returns how many calls it has made
 */
async function dieOnTheWay({ call, when }: Death, refused: string | null): Promise<number> {
  let calls = 0;
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const hit = async <T>(task: () => Promise<T>): Promise<T> => {
    calls += 1;
    const isHit = calls === call;
    if (isHit && when === 'before') die();
    if (isHit && when === 'before') return forever;
    const result = await task();
    if (!isHit) return result;
    die();
    return forever;
  };
  const { middlewareStack } = rig.table().database;
  middlewareStack.add((next) => (request) => hit(() => next(request)), { step: 'initialize', name: 'death' });
  const token = rig.start({ ask: (grant) => hit(() => rig.endpoint.ask(grant)) });
  await Promise.race([token.obtain(refused), died]);
  middlewareStack.remove('death');
  return calls;
}

/** All the ways in which a renewal can die. */
async function deaths(credentials: () => GrantCredentials): Promise<Death[]> {
  rig.credentials = credentials();
  await rig.obtain(rig.start());
  const calls = await dieOnTheWay({ call: 0, when: 'after' }, 'access-1');
  return Array.from({ length: calls }, (_, index) => index + 1).flatMap((call) => [
    { call, when: 'before' as const },
    { call, when: 'after' as const },
  ]);
}

/** What becomes of the token after such a death, when others ask half a minute later. */
async function afterDeath(
  death: Death,
  credentials: GrantCredentials,
  endpoint: OneUseEndpoint,
): Promise<string> {
  rig.credentials = credentials;
  rig.endpoint = endpoint;
  const first = await rig.obtain(rig.start());
  await dieOnTheWay(death, first);
  rig.later(31);
  const all = await Promise.all(
    Array.from({ length: 3 }, () => rig.obtain(rig.start(), first).catch((error: unknown) => String(error))),
  );
  expect(new Set(all).size).toBe(1);
  return all[0] ?? '';
}

describe('a container that dies while it renews the token', () => {
  it('with a password holds nobody up, wherever it dies, and costs one log-in more at most', async () => {
    let index = 0;
    const next = (): GrantCredentials => password(`mortal-${(index += 1)}`);
    const all = await deaths(next);
    expect(all.length).toBeGreaterThanOrEqual(8);
    for (const death of all) {
      const endpoint = rig.fresh();
      expect(await afterDeath(death, next(), endpoint), JSON.stringify(death)).toMatch(/^access-[23]$/);
      expect(endpoint.asked.length).toBeLessThanOrEqual(3);
    }
  });

  it('with a refresh token can lose it only between its use and its being stored', async () => {
    let index = 0;
    const next = (): GrantCredentials => ({
      grant: 'refresh_token',
      clientId: 'client',
      clientSecret: `mortal-${(index += 1)}`,
      refreshToken: 'refresh-0',
    });
    rig.fresh();
    const all = await deaths(next);
    const lost: Death[] = [];
    for (const death of all) {
      const endpoint = rig.fresh();
      const outcome = await afterDeath(death, next(), endpoint);
      if (outcome.startsWith('TryAgain')) lost.push(death);
      else expect(outcome).toMatch(/^access-[23]$/);
      const used = endpoint.asked.filter((token) => token === 'refresh-1');
      expect(used.length).toBeLessThanOrEqual(lost.includes(death) ? 2 : 1);
    }
    // Read, take the right, ask, store: after the third it is used up, before the fourth it is not yet stored.
    expect(lost).toEqual([
      { call: 3, when: 'after' },
      { call: 4, when: 'before' },
    ]);
  });
});
