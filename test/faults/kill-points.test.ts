import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import { chains } from './chains.ts';
import { checkedInvariants } from './invariants.ts';
import { killEverywhere } from './kill-points.ts';

const report: string[] = [];

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ indexLagMs: 60_000, processingMs: 200 });
});
afterAll(async () => {
  console.log(['Kill points', ...report, `  checked after each run: ${checkedInvariants}`].join('\n'));
  await rig.stop();
});

test.each(chains)(
  'the story of an asset that is $name ends right, whichever of its calls an invocation dies at',
  { timeout: 1_200_000 },
  async (chain) => {
    const reports = await killEverywhere(chain, rig);
    for (const { flow, points, runs, kills, broken } of reports) {
      report.push(
        `  ${flow}: ${points} calls to the outside, ${runs} runs with ${kills} kills (before, midway, after), ` +
          `${broken.length} broken`,
      );
    }
    expect(reports.flatMap(({ broken }) => broken)).toEqual([]);
    expect(reports.flatMap(({ missed }) => missed)).toEqual([]);
  },
);
