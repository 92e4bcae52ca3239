import { describe, expect, test } from 'vitest';
import { Assets } from '../../lib/assets.ts';
import { eventOrder } from '../../lib/event-order.ts';
import { LeaseLostError } from '../../lib/leases.ts';
import { useEmbeddedTable } from '../unit/embedded-table.ts';
import { leaseCases } from './queue-cases.ts';

type LeaseName = (typeof leaseCases)[number]['name'];
const table = useEmbeddedTable();

const hourMs = 3_600_000;
let subjects = 0;

/** An asset, and two workers whose clocks differ. */
async function startWorkers(differenceMs: number) {
  const { database, tableName } = table();
  const subject = `lease-${(subjects += 1)}`;
  const noon = Date.UTC(2026, 0, 1, 12);
  const right = new Assets(database, tableName, () => new Date(noon));
  const wrong = new Assets(database, tableName, () => new Date(noon + differenceMs));
  const order = eventOrder({ id: 'event-1', time: new Date(noon).toISOString() });
  await right.merge({ source: 'demo', subject, order }, [{ path: 'lifecycle', value: 'live' }]);
  return { right, wrong, key: `demo:${subject}` };
}

async function mayWrite(assets: Assets, lease: Awaited<ReturnType<Assets['acquire']>>): Promise<boolean> {
  if (lease === null) return false;
  try {
    await assets.record(lease, { assetId: 'a1' });
    return true;
  } catch (error) {
    if (error instanceof LeaseLostError) return false;
    throw error;
  }
}

const leasePlays: Record<LeaseName, () => Promise<string>> = {
  'q-receipt-expired': async () => {
    const { right, wrong, key } = await startWorkers(0);
    await right.acquire(key, 900_000);
    return `the second worker is ${(await wrong.acquire(key, 900_000)) === null ? 'refused' : 'let in'}`;
  },
  'q-clock+1h': async () => {
    const { right, wrong, key } = await startWorkers(hourMs);
    const held = await right.acquire(key, 900_000);
    const taken = await wrong.acquire(key, 900_000);
    const isTaken = taken !== null && (await mayWrite(wrong, taken));
    const isFenced = !(await mayWrite(right, held));
    return `the fast worker ${isTaken ? 'takes over' : 'is refused'}; the other can write ${isFenced ? 'nothing more' : 'still'}`;
  },
  'q-clock-1h': async () => {
    const { right, wrong, key } = await startWorkers(-hourMs);
    const held = await wrong.acquire(key, 900_000);
    const taken = await right.acquire(key, 900_000);
    const isFenced = !(await mayWrite(wrong, held));
    return `the slow worker can write ${isFenced ? 'nothing' : 'still'}, and is ${taken === null ? 'left alone' : 'taken over'}`;
  },
};

describe('leases under hostile clocks', () => {
  test.each(leaseCases)('$name: $result', async ({ name, result }) => {
    expect(await leasePlays[name]()).toBe(result);
  });
});
