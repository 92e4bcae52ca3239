import { describe, expect, test } from 'vitest';
import { simulate, type Outcome } from './pace-simulation.ts';

const kinds = ['sliding', 'fixed', 'bucket'] as const;
const limitOf = (kind: (typeof kinds)[number], requestsPerSecond: number) => ({
  kind,
  requestsPerSecond,
  retryAfterSeconds: 1,
});

/** Admitted calls per second between two moments. */
function pace({ admittedAt }: Outcome, from: number, until: number): number {
  return admittedAt.filter((seconds) => seconds >= from && seconds < until).length / (until - from);
}

describe.each(kinds)('a backlog of 3,000 calls against a limit that is counted as %s', (kind) => {
  test.each([3, 10, 25, 50])('drains at 85 to 100 %% of %d a second, with few 429s', async (perSecond) => {
    const limit = limitOf(kind, perSecond);
    const outcome = await simulate({ limit, calls: 3_000 });
    expect(outcome.utilisation).toBeGreaterThan(0.85);
    // A bucket's burst comes on top.
    expect(outcome.utilisation).toBeLessThan(kind === 'bucket' ? 1.02 : 1.001);
    expect(outcome.throttled).toBeLessThan(0.02);
  });

  test('drains so at 200 a second, once that was found, which takes some seconds', async () => {
    const outcome = await simulate({ limit: limitOf(kind, 200), calls: 3_000, most: 250, workers: 250 });
    expect(pace(outcome, 5, outcome.seconds) / 200).toBeGreaterThan(0.85);
    expect(outcome.throttled).toBeLessThan(0.02);
  });

  test('drains so when Showpad does not say how long to wait', async () => {
    const outcome = await simulate({
      limit: { ...limitOf(kind, 10), retryAfterSeconds: null },
      calls: 3_000,
    });
    expect(outcome.utilisation).toBeGreaterThan(0.85);
    expect(outcome.throttled).toBeLessThan(0.02);
  });

  test('drains so again when the limit falls or rises meanwhile', async () => {
    const fallen = await simulate({
      limit: limitOf(kind, 40),
      later: { afterSeconds: 30, requestsPerSecond: 10 },
      calls: 3_000,
    });
    expect(pace(fallen, 60, fallen.seconds) / 10).toBeGreaterThan(0.85);
    expect(fallen.throttled).toBeLessThan(0.02);
    const risen = await simulate({
      limit: limitOf(kind, 10),
      later: { afterSeconds: 60, requestsPerSecond: 40 },
      calls: 6_000,
    });
    expect(pace(risen, 180, risen.seconds) / 40).toBeGreaterThan(0.85);
    expect(risen.throttled).toBeLessThan(0.02);
  });
});

test('at a limit that nobody comes near, nothing is refused, and the most is kept', async () => {
  const outcome = await simulate({ limit: limitOf('sliding', 1_000), calls: 2_000, most: 50 });
  expect(outcome.throttled).toBe(0);
  expect(2_000 / outcome.seconds).toBeGreaterThan(47);
  expect(2_000 / outcome.seconds).toBeLessThan(51);
});

test('a call costs about one write, and fewer when nobody waits', async () => {
  const busy = await simulate({ limit: limitOf('sliding', 50), calls: 3_000 });
  expect(busy.writesPerCall).toBeLessThan(1.2);
  expect(busy.readsPerCall).toBeLessThan(0.5);
  const idle = await simulate({
    limit: limitOf('sliding', 1_000),
    calls: 500,
    containers: 1,
    workers: 1,
    lost: 0,
  });
  expect(idle.writesPerCall).toBeLessThan(0.7);
  expect(idle.readsPerCall).toBeLessThan(1);
});

test('invocations that die with a slot in hand cost their slots, and nothing else', async () => {
  const outcome = await simulate({ limit: limitOf('sliding', 10), calls: 1_000, lost: 0.2 });
  expect(outcome.utilisation).toBeGreaterThan(0.65);
  expect(outcome.throttled).toBeLessThan(0.02);
});
