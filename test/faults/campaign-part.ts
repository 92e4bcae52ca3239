import { afterAll, beforeAll, expect, test } from 'vitest';
import { playSeeds } from './campaign.ts';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { checkedInvariants } from './invariants.ts';

/** `SEED=7` or `SEED=7,9` replays seeds; `SEEDS=1000` plays the first thousand. `npm run faults` plays 200. */
const { SEED, SEEDS = '8' } = process.env;
const seedsAtOnce = 100;

function seedsOf(part: number, parts: number): number[] {
  if (SEED !== undefined) return part === 0 ? SEED.split(',').map(Number) : [];
  return Array.from({ length: Number(SEEDS) }, (_none, index) => index + 1).filter(
    (seed) => seed % parts === part,
  );
}

/**
 * Tests one of several parts of the campaign: so many files, so many processes.
 * @param part from 0
 */
export function testCampaignPart(part: number, parts: number): void {
  const seeds = seedsOf(part, parts);
  const groups = Array.from({ length: Math.ceil(seeds.length / seedsAtOnce) }, (_none, index) =>
    seeds.slice(index * seedsAtOnce, (index + 1) * seedsAtOnce),
  );
  if (seeds.length === 0) {
    test('a replay is played in the first part', () => expect(SEED).toBeDefined());
    return;
  }
  const total = { seeds: 0, deliveries: 0, broken: 0, faults: new Map<string, number>() };

  let rig: FaultRig;
  beforeAll(async () => {
    rig = await startFaultRig({ indexLagMs: 60_000, processingMs: 1_000 });
  });
  afterAll(async () => {
    const faults = [...total.faults].toSorted().map(([kind, count]) => `${count} × ${kind}`);
    const lines = [
      `Fault campaign, part ${part + 1} of ${parts}`,
      `  ${total.seeds} seeds, ${total.deliveries} deliveries, ${total.broken} broken, in ${Math.round(rig.clock.elapsedMs / 60_000)} minutes of virtual time`,
      `  faults: ${faults.join(', ')}`,
      `  checked after each seed: ${checkedInvariants} (in ${rig.logged.lines} lines)`,
    ];
    console.log(lines.join('\n'));
    await rig.stop();
  });

  test.each(groups.map((group) => [`${group[0]} to ${group.at(-1)}`, group] as const))(
    'nothing is lost and nothing is there twice, whatever goes wrong in the seeds %s',
    { timeout: 900_000 },
    async (_name, group) => {
      const { deliveries, broken, faults } = await playSeeds(group, rig);
      total.seeds += group.length;
      total.deliveries += deliveries;
      total.broken += broken.length;
      for (const [kind, count] of Object.entries(faults))
        total.faults.set(kind, (total.faults.get(kind) ?? 0) + count);
      expect(broken).toEqual([]);
    },
  );
}
