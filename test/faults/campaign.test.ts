import { afterAll, beforeAll, expect, test } from 'vitest';
import { playSeeds } from './campaign.ts';
import { startFaultRig, type FaultRig } from './fault-rig.ts';

const { SEED, SEEDS = '30' } = process.env;
const seedsAtOnce = 30;
const seeds =
  SEED === undefined ? Array.from({ length: Number(SEEDS) }, (_, index) => index + 1) : SEED.split(',').map(Number);
const groups = Array.from({ length: Math.ceil(seeds.length / seedsAtOnce) }, (_, index) =>
  seeds.slice(index * seedsAtOnce, (index + 1) * seedsAtOnce),
);

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ indexLagMs: 500, processingMs: 30 });
});
afterAll(() => rig.stop());

test.each(groups.map((group) => [`${group[0]} to ${group.at(-1)}`, group] as const))(
  'nothing is lost and nothing is there twice, whatever goes wrong in the seeds %s',
  { timeout: 200_000 },
  async (_name, group) => {
    const { broken, ...report } = await playSeeds(group, rig);
    console.log(JSON.stringify({...report, staged: report.staged.length}, null, 2));
    expect(broken).toEqual([]);
  },
);
