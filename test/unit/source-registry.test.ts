import { describe, expect, it } from 'vitest';
import { SourceRegistry } from '../../lib/sources/source-registry.ts';
import { otherSecret, secret } from './signed-delivery.ts';

/** A secret, the looks that pass by its cache, and a clock that stands. */
function startRegistry() {
  const world = { now: 0, json: jsonOf(secret), cached: jsonOf(secret), freshLooks: 0, isDown: false };
  const registry = new SourceRegistry(
    async ({ fresh }) => {
      if (!fresh) return world.cached;
      world.freshLooks += 1;
      await Promise.resolve();
      if (world.isDown) throw new Error('Secrets Manager is down.');
      world.cached = world.json;
      return world.json;
    },
    () => world.now,
  );
  return { world, registry };
}

function jsonOf(one: string): string {
  return JSON.stringify({ demo: { secrets: [one] } });
}

describe('the secret of the sources', () => {
  it('is not looked at past its cache while everything fits', async () => {
    const { world, registry } = startRegistry();
    for (let request = 0; request < 100; request += 1) await registry.find('demo');
    expect(world.freshLooks).toBe(0);
  });

  it('is looked at once in 30 s, however many forged requests and unknown names come', async () => {
    const { world, registry } = startRegistry();
    for (let second = 0; second < 60; second += 1) {
      world.now = second * 1_000;
      await Promise.all([
        ...Array.from({ length: 20 }, () => registry.findFresh('demo')),
        ...Array.from({ length: 20 }, (_none, index) => registry.find(`unknown-${index}`)),
      ]);
    }
    expect(world.freshLooks).toBe(2);
  });

  it('that was just replaced is found by the first delivery that does not fit the old one', async () => {
    const { world, registry } = startRegistry();
    await registry.find('demo');
    world.json = jsonOf(otherSecret);
    expect((await registry.findFresh('demo'))?.secrets).toEqual([otherSecret]);
    expect((await registry.find('demo'))?.secrets).toEqual([otherSecret]);
  });

  it('that cannot be read is our own fault, which everybody who waits is told, and is asked for again', async () => {
    const { world, registry } = startRegistry();
    world.isDown = true;
    const waiting = Array.from({ length: 50 }, () => registry.findFresh('demo'));
    for (const answer of waiting) await expect(answer).rejects.toThrow('down');
    expect(world.freshLooks).toBe(1);
    world.isDown = false;
    expect(await registry.findFresh('demo')).toBeDefined();
    expect(world.freshLooks).toBe(2);
  });
});
