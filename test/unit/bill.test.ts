import { expect, test } from 'vitest';
import { billOfThousand, monthlyBase, sumOf, totalOf, transferSurcharges } from '../../bench/cost/bill.ts';
import prices from '../../bench/cost/prices.json' with { type: 'json' };
import { busySeconds, usageOf } from '../../bench/cost/usage.ts';

const usage = {
  assets: 10,
  bytesPerAsset: 10_000_000,
  httpRequests: 10,
  invocations: 50,
  gigabyteSeconds: 8,
  queueRequests: 120,
  groupedMessages: 40,
  topicPublishes: 10,
  writeUnits: 200,
  readUnits: 100,
  objectWrites: 10,
  objectReads: 10,
  stagedHours: 73,
  logBytes: 50_000,
};
const total =
  0.001 + 0.001 + 0.0106667 + 0.0048 + 0.0004 + 0.0005 + 0.0125 + 0.00125 + 0.005 + 0.0004 + 0.023 + 0.0025;

test('a bill says what a thousand assets use, and what each of it costs', () => {
  const lines = Object.fromEntries(
    billOfThousand(usage, prices).map(({ what, amount, dollars }) => [what, { amount, dollars }]),
  );

  expect(lines['Lambda time']?.amount).toBe(800);
  expect(lines['Lambda time']?.dollars).toBeCloseTo(800 * 0.0000133334, 10);
  expect(lines['S3 writes']).toEqual({ amount: 1_000, dollars: 0.005 });
  // 10 GB for a tenth of a month.
  expect(lines['S3 storage']?.amount).toBeCloseTo(1, 10);
  expect(lines['DynamoDB writes']?.dollars).toBeCloseTo(0.0125, 10);
});

test('the total is that of all lines, and of all functions', () => {
  const bill = billOfThousand(usage, prices);
  expect(totalOf(bill)).toBeCloseTo(total, 5);
  expect(totalOf(sumOf([bill, bill, bill]))).toBeCloseTo(3 * total, 5);
});

test('bytes that leave the region cost more than all the rest', () => {
  const [otherRegion, internet, nat] = transferSurcharges(usage, prices);

  expect(otherRegion?.dollars).toBeCloseTo(0.2, 10);
  expect(internet?.dollars).toBeCloseTo(0.9, 10);
  expect(nat?.dollars).toBeCloseTo(0.9, 10);
});

test('the messages of a batch share the request, the polls, claims and the waiting, but neither bytes nor work', () => {
  const work = {
    showpadCalls: 2,
    transfers: 1,
    awsCalls: 10,
    queueRequests: 1,
    groupedMessages: 1,
    topicPublishes: 1,
    writeUnits: 5,
    paceUnits: 2,
    readUnits: 4,
    objectWrites: 0,
    objectReads: 1,
    logBytes: 400,
    metricBytes: 300,
  };
  const settings = {
    memoryMebibytes: 512,
    isQueued: true,
    batchSize: 4,
    windowSeconds: 0,
    maximumConcurrency: 5,
  };
  // 15 ms, 2 × 400 ms and 10 × 10 ms, and a quarter of a second for 10 MB.
  expect(busySeconds({ work, batch: 1 }, 10_000_000)).toBeCloseTo(1.165, 10);
  expect(busySeconds({ work, batch: 4 }, 10_000_000)).toBeCloseTo(1.165 + 3 * (0.25 + 12 * 0.003), 10);
  const alone = usageOf({ settings, work, times: 1, batch: 1 }, 10_000_000);
  const together = usageOf({ settings, work, times: 1, batch: 4 }, 10_000_000);
  expect(alone).toMatchObject({ invocations: 1, queueRequests: 3, writeUnits: 5, logBytes: 1_400 });
  expect(together).toMatchObject({ invocations: 0.25, queueRequests: 1.5, writeUnits: 4, logBytes: 650 });
  expect(together.gigabyteSeconds).toBeLessThan(alone.gigabyteSeconds / 2 + 0.15);
});

test('a month costs what is there, and what polls for nothing', () => {
  const settings = { secrets: 2, polledQueues: 5, alarms: 13, dashboards: 1 };
  const base = monthlyBase(settings, { customMetrics: 10, sweep: { ...usage, assets: 1 } }, prices);
  const dollars = base.map((line) => line.dollars);
  // 5 queues × 5 pollers × 3 a minute × 43,800 minutes.
  expect(dollars.slice(0, 5)).toEqual([3, expect.closeTo(1.314, 10), expect.closeTo(1.3, 10), 0.8, 3]);
  expect(dollars[5]).toBeCloseTo(
    (8_760 * totalOf(billOfThousand({ ...usage, assets: 1 }, prices))) / 1_000,
    10,
  );
});
