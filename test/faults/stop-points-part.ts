import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from './fault-rig.ts';
import type { Chain } from './flows.ts';
import { checkedInvariants } from './invariants.ts';
import { frozen, killed, slowToEnd, stopEverywhere, type Stop } from './stop-points.ts';

const timeout = 1_200_000;

/** Tests that every flow of these chains ends right wherever it is stopped. */
export function testStopPoints(
  killedChains: readonly Chain[],
  frozenChains: readonly Chain[],
  slowChains: readonly Chain[] = [],
): void {
  const report: string[] = [];
  let rig: FaultRig;
  beforeAll(async () => {
    rig = await startFaultRig({ indexLagMs: 60_000, processingMs: 200 });
  });
  afterAll(async () => {
    console.log(
      ['Kill points and freezes', ...report, `  checked after each run: ${checkedInvariants}`].join('\n'),
    );
    await rig.stop();
  });

  async function stopAndReport(chain: Chain, stop: Stop): Promise<void> {
    const reports = await stopEverywhere(chain, rig, stop, stop === killed ? 3 : 1);
    for (const { flow, points, runs, stops, broken } of reports) {
      report.push(
        `  ${flow}: ${points} calls to the outside, ${runs} runs, ${stop.name} in ${stops} of them, ${broken.length} broken`,
      );
    }
    expect(reports.flatMap(({ broken }) => broken)).toEqual([]);
    expect(reports.flatMap(({ missed }) => missed)).toEqual([]);
  }

  test.each(killedChains)(
    'the story of an asset that is $name ends right, whichever of its calls an invocation dies at',
    { timeout },
    (chain) => stopAndReport(chain, killed),
  );

  for (const chain of frozenChains) {
    test('whoever stood still until others had done its work changes nothing more', { timeout }, () =>
      stopAndReport(chain, frozen),
    );
  }

  for (const chain of slowChains) {
    test('an end that comes ten minutes after it was announced is told', { timeout }, async () => {
      await stopAndReport(chain, slowToEnd);
      expect(report.at(-1)).toContain('frozen in 1 of them');
    });
  }
}
