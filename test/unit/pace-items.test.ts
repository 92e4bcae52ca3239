import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PaceItems, type PaceState, type PaceStore } from '../../lib/pace-items.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { PaceMemory } from './pace-simulation.ts';

const table = useEmbeddedTable();

type Change = (store: PaceStore) => Promise<PaceState | null>;

const moment = fc.integer({ min: 1, max: 40 });
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ nowMs: moment, untilMs: moment }).map(
    (claim): Change =>
      (store) =>
        store.claimEmpty('v4', claim),
  ),
  fc
    .record({ earliestMs: moment, lengthMs: moment, intervalMs: fc.constant(1.5), busyMs: fc.constant(1.5) })
    .map(({ lengthMs, ...claim }) => ({ ...claim, latestMs: claim.earliestMs + lengthMs }))
    .map(
      (claim): Change =>
        (store) =>
          store.claimNext('v4', claim),
    ),
  moment.map(
    (untilMs): Change =>
      (store) =>
        store.pause('v4', untilMs),
  ),
  fc.record({ episode: fc.integer({ min: 0, max: 2 }), ceiling: fc.constant(10.25), untilMs: moment }).map(
    (halving): Change =>
      (store) =>
        store.halve('v4', halving),
  ),
  fc.integer({ min: 1, max: 3 }).map(
    (episode): Change =>
      (store) =>
        store.calm('v4', episode),
  ),
  moment.map(
    (untilMs): Change =>
      (store) =>
        store.setScarce('v4', untilMs),
  ),
);

test('the table does to the pace what the simulation says it does, whatever is done to it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 12 }), async (history) => {
      const host = `${randomUUID()}.example.com`;
      const items = new PaceItems(table().database, table().tableName, { v4: host, v3: host });
      const memory = new PaceMemory();
      for (const change of history) {
        const written = await change(items);
        const imagined = await change(memory);
        expect(written === null).toBe(imagined === null);
        expect(await items.read('v4')).toMatchObject(await memory.read('v4'));
      }
    }),
    { numRuns: 60 },
  );
});
