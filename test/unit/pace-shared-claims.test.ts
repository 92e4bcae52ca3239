import { expect, test } from 'vitest';
import { PaceItems, type PaceStore } from '../../lib/pace-items.ts';
import { ShowpadPace, type PaceOptions } from '../../lib/showpad-pace.ts';
import type { Turn } from '../../lib/showpad/pacer.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { deafListener } from './pace-simulation.ts';

const table = useEmbeddedTable();
const startMs = Date.parse('2026-01-01T00:00:00Z');
const patienceWithAClaimMs = 250;

const items = (): PaceItems =>
  new PaceItems(table().database, table().tableName, { v4: 'v4.example.com', v3: 'v3.example.com' });
const container = (store: PaceStore, { now, sleep }: Required<Pick<PaceOptions, 'now' | 'sleep'>>) =>
  new ShowpadPace(store, { least: 1, most: 30, reservePercent: 10, listener: deafListener, now, sleep });
const ask = (pace: ShowpadPace): Promise<Turn> =>
  pace.turn({ api: 'v4', operation: 'GET /assets', urgency: 'normal' });

test('requests of one container that come at once share a claim, each with a slot of its own', async () => {
  let nowMs = startMs;
  const now = (): number => nowMs;
  const waits: number[] = [];
  const sleep = async (delayMs: number): Promise<void> => {
    if (delayMs === patienceWithAClaimMs) return new Promise(() => undefined);
    waits.push(Math.round(delayMs));
    await items().read('v4');
    nowMs = Math.max(nowMs, startMs + delayMs);
  };
  let claims = 0;
  const store = items();
  const claimNext: PaceStore['claimNext'] = (api, claim) => {
    claims += 1;
    return store.claimNext(api, claim);
  };
  const counted = new Proxy(store, {
    get: (target, name: keyof PaceStore) =>
      name === 'claimNext' ? claimNext : (target[name].bind(target) as unknown),
  });

  await ask(container(store, { now, sleep }));
  const pace = container(counted, { now, sleep });
  await Promise.all(Array.from({ length: 5 }, () => ask(pace)));

  expect(claims).toBe(2);
  expect(new Set(waits).size).toBe(5);
});
