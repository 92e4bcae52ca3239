import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { otherFlows, upsertFlow } from './flows.ts';
import { killEverywhere } from './kill-points.ts';

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig();
});
afterAll(() => rig.stop());

test.each([upsertFlow, ...otherFlows])(
  '$name converges, whichever call its invocation dies at',
  { timeout: 120_000 },
  async (flow) => {
    const { broken, missed, ...counts } = await killEverywhere(flow, flow.name.replaceAll(' ', '-'), rig);
    const { points, runs, kills, staged } = counts;
    console.log(
      `${flow.name}: ${points} calls to the outside, ${runs} runs, ${kills} kills, ${broken.length} broken, ` +
        `${staged.length} staged files left to the bucket's lifecycle.`,
    );
    expect(broken).toEqual([]);
    expect(missed).toEqual([]);
  },
);
