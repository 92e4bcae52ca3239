import { describe, expect, it } from 'vitest';
import { TooLateToSend } from '../../lib/showpad/oauth.ts';
import { password, TokenRig } from './token-containers.ts';

const rig = new TokenRig();

describe('a renewal', () => {
  it('whose container died is done by another, once the right to it has run out', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    rig.endpoint.onAsk = () => {
      resolve();
      return new Promise<void>(() => undefined);
    };
    void rig.obtain(rig.start());
    await reached;
    rig.endpoint.onAsk = () => undefined;
    const waiting = rig.start({
      sleep: (delayMs) => {
        rig.later(delayMs / 1_000);
        return Promise.resolve();
      },
    });
    const error = await rig.putOff(waiting);
    expect(error.afterSeconds).toBeGreaterThanOrEqual(5);
    expect(error.afterSeconds).toBeLessThanOrEqual(10);
    expect(rig.endpoint.asked).toHaveLength(1);
    rig.later(25);
    expect(await rig.obtain(rig.start())).toBe('access-2');
  });

  it('whose container was frozen sends nothing when its time is over', async () => {
    let sent = 0;
    const frozen = rig.start({
      ask: async (grant, mayStillSend) => {
        if (sent === 0 && rig.endpoint.asked.length === 0) {
          expect(mayStillSend()).toBe(true);
          rig.later(31);
          // Meanwhile another has taken over.
          expect(await rig.obtain(rig.start())).toBe('access-1');
        }
        if (!mayStillSend()) throw new TooLateToSend('late');
        sent += 1;
        return rig.endpoint.ask(grant);
      },
    });
    expect(await rig.obtain(frozen)).toBe('access-1');
    expect(sent).toBe(0);
    expect(rig.endpoint.asked).toEqual(['refresh-0']);
  });

  it('may be sent only while nobody else can have the right, whatever the request takes', async () => {
    const allowed: boolean[] = [];
    const token = rig.start({
      ask: (grant, mayStillSend) => {
        for (const seconds of [15, 0.001]) {
          rig.later(seconds);
          allowed.push(mayStillSend());
        }
        return rig.endpoint.ask(grant);
      },
    });
    await rig.obtain(token);
    expect(allowed).toEqual([true, false]);
  });

  it('that comes back late is stored, and saves those whom its refresh token is refused', async () => {
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    const { promise: used, resolve } = Promise.withResolvers<void>();
    rig.endpoint.onAnswer = () => {
      resolve();
      return thawed;
    };
    const late = rig.obtain(rig.start());
    await used;
    rig.endpoint.onAnswer = () => undefined;
    rig.later(31);
    await rig.putOff(rig.start());
    expect(rig.endpoint.asked).toEqual(['refresh-0', 'refresh-0']);
    thaw();
    expect(await late).toBe('access-1');
    expect(await rig.obtain(rig.start())).toBe('access-1');
    expect(await rig.obtain(rig.start(), 'access-1')).toBe('access-3');
    expect(rig.endpoint.asked.at(-1)).toBe('refresh-1');
  });

  it('that comes back after another was stored changes nothing', async () => {
    rig.credentials = password(`user-${rig.tests}`);
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    const { promise: used, resolve } = Promise.withResolvers<void>();
    rig.endpoint.onAnswer = () => {
      resolve();
      return thawed;
    };
    const late = rig.obtain(rig.start());
    await used;
    rig.endpoint.onAnswer = () => undefined;
    rig.later(31);
    expect(await rig.obtain(rig.start())).toBe('access-2');
    thaw();
    expect(await late).toBe('access-2');
  });

  it('that cannot be stored is not used, and stored by the next who asks', async () => {
    const { middlewareStack } = rig.table().database;
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
    const token = rig.start();
    await expect(token.obtain(null).finally(() => middlewareStack.remove('away'))).rejects.toThrow('away');
    expect(await rig.obtain(token)).toBe('access-1');
    expect(await rig.obtain(rig.start())).toBe('access-1');
    expect(rig.endpoint.asked).toEqual(['refresh-0']);
  });

  it('is one also when the SDK has asked the table twice, because an answer was lost', async () => {
    const { middlewareStack } = rig.table().database;
    middlewareStack.add(
      (next, { commandName }) =>
        async (request) => {
          if (commandName !== 'GetItemCommand') await next(request).catch(() => undefined);
          return next(request);
        },
      { step: 'initialize', name: 'ask-twice' },
    );
    try {
      expect(await rig.obtain(rig.start())).toBe('access-1');
      expect(await rig.obtain(rig.start(), 'access-1')).toBe('access-2');
    } finally {
      middlewareStack.remove('ask-twice');
    }
    expect(rig.endpoint.asked).toEqual(['refresh-0', 'refresh-1']);
  });
});
