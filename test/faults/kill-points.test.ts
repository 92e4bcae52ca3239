import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { otherFlows, upsertFlow } from './flows.ts';
import { checkedInvariants } from './invariants.ts';
import { killEverywhere } from './kill-points.ts';

const flows = process.env['FAULT_FLOWS'] === 'all' ? [upsertFlow, ...otherFlows] : [upsertFlow];
const reports: string[] = [];

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ settleSeconds: 2, indexLagMs: 1_200, processingMs: 5 });
});
afterAll(async () => {
  console.log(['Kill points', ...reports, `  checked after each run: ${checkedInvariants}`].join('\n'));
  await rig.stop();
});

test.each(flows)(
  '$name ends right, whichever of its calls an invocation dies at',
  { timeout: 240_000 },
  async (flow) => {
    const { points, runs, kills, broken, missed, staged } = await killEverywhere(flow, flow.name, rig);
    reports.push(
      `  ${flow.name}: ${points} calls to the outside, ${runs} runs with ${kills} kills (before, midway, after), ` +
        `${broken.length} broken; ${staged.length} staged files left to the bucket's lifecycle so far`,
    );
    expect(broken).toEqual([]);
    expect(missed).toEqual([]);
  },
);
