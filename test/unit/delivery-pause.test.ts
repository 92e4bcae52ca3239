import { expect, it } from 'vitest';
import { DeliveryPause } from '../../lib/delivery-pause.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const hour = 3_600;
let now = Date.UTC(2026, 0, 1);
const later = (hours: number) => new Date((now += hours * hour * 1_000)).toISOString();
const container = (parameter: 'running' | 'paused') =>
  new DeliveryPause(table().database, table().tableName, parameter === 'paused', () => new Date(now));

it('lets deadlines count anew from its end, and judges none while nobody has noted the end', async () => {
  const begunAt = later(0);
  later(2);
  // A stack that was never paused.
  expect(await container('running').note()).toBeNull();
  expect(await container('running').isOver(begunAt, hour)).toBe(true);
  expect(await container('running').isOver(begunAt, 3 * hour)).toBe(false);

  expect(await container('paused').note()).toBeNull();
  later(30);
  // What goes on during a pause is judged as ever.
  expect(await container('paused').isOver(begunAt, hour)).toBe(true);
  expect(await container('running').isOver(begunAt, hour)).toBe(false);

  const endedAt = later(1);
  expect(await container('running').note()).toBe(endedAt);
  expect(await container('running').isOver(begunAt, hour)).toBe(false);
  later(1.1);
  expect(await container('running').note()).toBe(endedAt);
  expect(await container('running').isOver(begunAt, hour)).toBe(true);
  const young = later(-0.5);
  later(0.5);
  expect(await container('running').isOver(young, hour)).toBe(false);
});

it('keeps the end of the pause before it, and is noted once by sweeps that come at once', async () => {
  const endedAt = await container('running').note();
  later(5);
  expect(await container('paused').note()).toBe(endedAt);
  const nextEndedAt = later(1);
  const answers = await Promise.all([container('running').note(), container('running').note()]);
  expect(answers).toEqual([nextEndedAt, nextEndedAt]);
  later(1);
  expect(await container('running').note()).toBe(nextEndedAt);
});
