import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { overtakeEverywhere, overtakings } from './overtakings.ts';
import { isWhole } from './sampled.ts';

const played = isWhole ? overtakings : overtakings.filter(({ name }) => name.startsWith('older metadata'));
const fates = isWhole ? (['slow', 'killed'] as const) : (['slow'] as const);
const report: string[] = [];
let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ indexLagMs: 1_000, processingMs: 200 });
});
afterAll(async () => {
  console.log(['Overtaken at every call', ...report].join('\n'));
  await rig.stop();
});

test.each(played)(
  '$name: whichever call that comes at, the newest has the last word',
  { timeout: 600_000 },
  async (overtaking) => {
    for (const fate of fates) {
      const { calls, stopped, broken } = await overtakeEverywhere(overtaking, rig, fate);
      report.push(`  ${overtaking.name}: ${fate} at ${stopped} of ${calls} calls, ${broken.length} broken`);
      expect(broken).toEqual([]);
      expect(stopped).toBeGreaterThan(calls * 0.8);
    }
  },
);
