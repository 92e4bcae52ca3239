import { afterAll, beforeAll, expect, test } from 'vitest';
import { playSeeds } from './campaign.ts';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { checkedInvariants } from './invariants.ts';

/** `SEED=7` or `SEED=7,9` replays seeds; `SEEDS=200` plays the first two hundred. */
const { SEED, SEEDS = '30' } = process.env;
const seedsAtOnce = 30;
const seeds =
  SEED === undefined
    ? Array.from({ length: Number(SEEDS) }, (_, index) => index + 1)
    : SEED.split(',').map(Number);
const groups = Array.from({ length: Math.ceil(seeds.length / seedsAtOnce) }, (_, index) =>
  seeds.slice(index * seedsAtOnce, (index + 1) * seedsAtOnce),
);
const total = { seeds: 0, events: 0, broken: 0, staged: 0, faults: new Map<string, number>() };

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ settleSeconds: 4, indexLagMs: 1_200, processingMs: 30 });
});
afterAll(async () => {
  const faults = [...total.faults].toSorted().map(([kind, count]) => `${count} × ${kind}`);
  const lines = [
    'Fault campaign',
    `  ${total.seeds} seeds, ${total.events} deliveries, ${total.broken} broken; ${total.staged} staged files left to the bucket's lifecycle`,
    `  faults: ${faults.join(', ')}`,
    `  checked after each seed: ${checkedInvariants}`,
  ];
  console.log(lines.join('\n'));
  await rig.stop();
});

test.each(groups.map((group) => [`${group[0]} to ${group.at(-1)}`, group] as const))(
  'nothing is lost and nothing is there twice, whatever goes wrong in the seeds %s',
  { timeout: 240_000 },
  async (_name, group) => {
    const { events, broken, staged, faults } = await playSeeds(group, rig);
    total.seeds += group.length;
    total.events += events;
    total.broken += broken.length;
    total.staged = staged.length;
    for (const [kind, count] of Object.entries(faults))
      total.faults.set(kind, (total.faults.get(kind) ?? 0) + count);
    expect(broken).toEqual([]);
  },
);
