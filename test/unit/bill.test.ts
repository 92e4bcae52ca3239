import { expect, test } from 'vitest';
import { billOfThousand, totalOf, transferSurcharges } from '../../bench/cost/bill.ts';
import prices from '../../bench/cost/prices.json' with { type: 'json' };

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

test('the total is that of all lines', () => {
  expect(totalOf(billOfThousand(usage, prices))).toBeCloseTo(
    0.001 + 0.001 + 0.0106667 + 0.0048 + 0.0004 + 0.0005 + 0.0125 + 0.00125 + 0.005 + 0.0004 + 0.023 + 0.0025,
    5,
  );
});

test('bytes that leave the region cost more than all the rest', () => {
  const [otherRegion, internet, nat] = transferSurcharges(usage, prices);

  expect(otherRegion?.dollars).toBeCloseTo(0.2, 10);
  expect(internet?.dollars).toBeCloseTo(0.9, 10);
  expect(nat?.dollars).toBeCloseTo(0.9, 10);
});
