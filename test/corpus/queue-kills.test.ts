import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultRig, type FaultRig } from '../faults/fault-rig.ts';
import { change, events } from '../faults/flows.ts';
import { killed, stopEverywhere } from '../faults/stop-points.ts';
import { killCases } from './queue-cases.ts';

const link = 'https://www.example.com/';

let rig: FaultRig;
beforeAll(async () => {
  rig = await startFaultRig({ indexLagMs: 0, processingMs: 5 });
});
afterAll(() => rig.stop());

test.each(killCases)('$name: $result', { timeout: 120_000 }, async ({ result }) => {
  const reports = await stopEverywhere(
    {
      name: 'corpus',
      source: 'demo',
      flows: [
        {
          name: 'an upsert with a link',
          tell: events(() => change('asset.upsert', 1, { url: link, metadata: { description: 'a link' } })),
          expected: () => ({ md5: null, url: link, description: 'a link', isArchived: false, tags: [] }),
        },
      ],
    },
    rig,
    killed,
  );
  expect(reports.map(({ stops }) => stops > 20)).toEqual([true]);
  const problems = reports.flatMap(({ broken, missed }) => [...broken, ...missed]);
  expect(problems.join('; ') || 'whole after every kill').toBe(result);
});
