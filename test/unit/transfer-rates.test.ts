import { beforeEach, expect, test } from 'vitest';
import { TransferRates } from '../../lib/transfer-rates.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const bytes = 10_000_000;
let now = new Date('2026-01-01T00:00:00Z');
let tests = 0;
let route = '';
beforeEach(() => {
  tests += 1;
  route = `source ${tests}.example.com`;
  now = new Date('2026-01-01T00:00:00Z');
});

const container = () => new TransferRates(table().database, table().tableName, () => now);
const took = (elapsedMs: number) => ({ fileBytes: bytes, movedBytes: bytes, elapsedMs, isWhole: true });
const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

test('a container asks the table once a minute, and hears then what others have measured', async () => {
  const rates = container();
  expect(await rates.best(route, bytes)).toBeNull();
  await container().note(route, took(1_000));
  expect(await rates.best(route, bytes)).toBeNull();
  later(60_000);
  expect(await rates.best(route, bytes)).toBe(bytes);
});

test('what a container has measured itself counts at once', async () => {
  const rates = container();
  await rates.best(route, bytes);
  await rates.note(route, took(2_000));
  expect(await rates.best(route, bytes)).toBe(bytes / 2);
  await rates.note(route, took(1_000));
  expect(await rates.best(route, bytes)).toBe(bytes);
});

test('a measure below the best one is not written, until that one is forgotten', async () => {
  const rates = container();
  await rates.note(route, took(1_000));
  await rates.note(route, took(4_000));
  expect(await container().best(route, bytes)).toBe(bytes);
  later(3_600_000);
  await rates.note(route, took(4_000));
  expect(await container().best(route, bytes)).toBe(bytes / 4);
});
