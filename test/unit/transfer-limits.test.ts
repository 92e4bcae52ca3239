import { Logger } from '@aws-lambda-powertools/logger';
import { beforeEach, describe, expect, it } from 'vitest';
import { LeaseLostError } from '../../lib/leases.ts';
import { JobFailure, TryAgain } from '../../lib/reasons.ts';
import { ShowpadError } from '../../lib/showpad/errors.ts';
import { assertFitsInTime, inTime, measureTransfer, type Route } from '../../lib/transfer-limits.ts';
import { TransferRates } from '../../lib/transfer-rates.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const mebibyte = 1024 * 1024;
const minuteMs = 60_000;
const logger = new Logger({ logLevel: 'SILENT' });

let tests = 0;
let now: Date;
let route: Route;
let rates: TransferRates;
beforeEach(() => {
  tests += 1;
  route = `source host-${tests}`;
  now = new Date('2026-01-01T00:00:00Z');
  rates = new TransferRates(table().database, table().tableName, () => now);
});
const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};
const whole = (mebibytes: number, elapsedMs: number, to = route) => {
  const bytes = mebibytes * mebibyte;
  return rates.note(to, { fileBytes: bytes, movedBytes: bytes, elapsedMs, isWhole: true });
};
const cutOff = (mebibytes: number, movedMebibytes: number, elapsedMs: number) =>
  rates.note(route, {
    fileBytes: mebibytes * mebibyte,
    movedBytes: movedMebibytes * mebibyte,
    elapsedMs,
    isWhole: false,
  });
const work = (change: { remainingMs?: number; wholeMs?: number; attempt?: number } = {}) => {
  const { wholeMs = 15 * minuteMs, remainingMs = wholeMs, attempt = 0 } = change;
  return { services: { transferRates: rates, logger }, wholeMs, remainingMs: () => remainingMs, attempt };
};
const fits = (mebibytes: number, change = {}, to = route) =>
  assertFitsInTime(work(change), to, mebibytes * mebibyte);
const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe('a transfer of which nothing was measured', () => {
  it('is tried, however large it is', async () => {
    await fits(5_000);
    await whole(10, 60_000);
    // What a small file took says nothing about a large one, and another route nothing about this one.
    await fits(5_000);
    await whole(5_000, 900_000_000, 'My Files');
    await fits(5_000);
  });
});

describe('a rate that was measured', () => {
  it('refuses what would take too long, and says why', async () => {
    await whole(1_024, 1_000_000);
    const failure = await failureOf(fits(1_100));
    expect(failure).toBeInstanceOf(JobFailure);
    expect(failure).toMatchObject({ code: 'TOO_LARGE_FOR_WORKER' });
    expect(String(failure)).toContain('fetching it takes 1075 seconds');
  });

  it('is the best of those within an hour: one slow moment refuses nothing', async () => {
    await whole(1_024, 100_000);
    later(59 * minuteMs);
    await whole(1_024, 100_000_000);
    await fits(1_024);
  });

  it('is forgotten after an hour, so that what was slow gets another chance', async () => {
    await whole(1_024, 100_000_000);
    expect(await failureOf(fits(1_024))).toBeInstanceOf(JobFailure);
    later(60 * minuteMs);
    await fits(1_024);
    await whole(1_024, 200_000_000);
    expect(await failureOf(fits(1_024))).toBeInstanceOf(JobFailure);
  });

  it('is shared by all containers', async () => {
    await whole(1_024, 100_000_000);
    rates = new TransferRates(table().database, table().tableName, () => now);
    expect(await failureOf(fits(1_024))).toBeInstanceOf(JobFailure);
  });

  it('gets better with a better one, whoever measures at the same time', async () => {
    await Promise.all([400, 100, 300, 200].map((seconds) => whole(1_000, seconds * 1_000)));
    expect(await rates.best(route, 1_000 * mebibyte)).toBe(10 * mebibyte);
  });

  it('of a transfer that was cut off counts for the size of the whole file', async () => {
    await cutOff(5_000, 50, 880_000);
    expect(await failureOf(fits(5_000))).toBeInstanceOf(JobFailure);
    await fits(50);
  });

  it('never refuses what is small', async () => {
    await whole(1, 100_000_000);
    await assertFitsInTime(work(), route, mebibyte - 1);
  });

  it('puts off what only this invocation is too short for, but not for ever', async () => {
    await whole(1_024, 500_000);
    const failure = await failureOf(fits(1_024, { remainingMs: 100_000 }));
    expect(failure).toBeInstanceOf(TryAgain);
    expect(failure).toMatchObject({ afterSeconds: 1 });
    await fits(1_024, { remainingMs: 100_000, attempt: 10 });
  });

  it('holds for a link only a quarter of an hour, however long the function runs', async () => {
    const long = { wholeMs: 60 * minuteMs };
    await whole(1_024, 1_000_000);
    await whole(1_024, 1_000_000, 'upload link');
    await fits(1_024, long);
    expect(await failureOf(fits(1_024, long, 'upload link'))).toBeInstanceOf(JobFailure);
  });
});

describe('moving bytes', () => {
  const move = async (signal: AbortSignal, bytes: number, error?: Error) => {
    const times = [0, 10_000];
    return measureTransfer(
      { ...work(), signal },
      route,
      100 * mebibyte,
      (onEnd) => {
        onEnd(bytes);
        return error === undefined ? Promise.resolve('moved') : Promise.reject(error);
      },
      () => times.shift() ?? 0,
    );
  };
  const best = () => rates.best(route, 100 * mebibyte);

  it('leaves a measure when it is done', async () => {
    expect(await move(new AbortController().signal, 100 * mebibyte)).toBe('moved');
    expect(await best()).toBe(10 * mebibyte);
  });

  it('leaves a measure when the end of the invocation cut it off', async () => {
    await expect(move(AbortSignal.abort(), 20 * mebibyte, new Error('Time is up.'))).rejects.toThrow(
      'Time is up.',
    );
    expect(await best()).toBe(2 * mebibyte);
  });

  it('leaves none when it failed for reasons of its own', async () => {
    const failed = move(new AbortController().signal, 20 * mebibyte, new Error('The connection broke.'));
    await expect(failed).rejects.toThrow('The connection broke.');
    expect(await best()).toBeNull();
  });

  it('is none the worse when its measure cannot be kept', async () => {
    rates = new TransferRates(table().database, 'no-such-table', () => now);
    expect(await move(new AbortController().signal, 100 * mebibyte)).toBe('moved');
  });
});

describe('what is cut off by the end of an invocation', () => {
  const cut = (change: Parameters<typeof work>[0] = {}, error: Error = new Error('Time is up.')) =>
    failureOf(
      inTime({ ...work(change), signal: AbortSignal.abort() }, route, null, () => Promise.reject(error)),
    );
  const lost = (outcomeUnknown: boolean) =>
    new ShowpadError({ operation: 'PUT upload link', kind: 'timeout', title: 'Stopped', outcomeUnknown });

  it('is tried again once', async () => {
    expect(await cut()).toMatchObject({ message: 'Time is up.' });
    expect(await cut({ attempt: 1 })).toMatchObject({ code: 'TOO_LARGE_FOR_WORKER' });
    expect(await cut({ attempt: 1 }, lost(false))).toMatchObject({ code: 'TOO_LARGE_FOR_WORKER' });
  });

  it('is tried again when it had only a part of one', async () => {
    expect(await cut({ attempt: 7, remainingMs: 10 * minuteMs })).toMatchObject({ message: 'Time is up.' });
  });

  it.each([new LeaseLostError('lost'), new TryAgain('later'), new JobFailure('UPLOAD_REFUSED', 'refused')])(
    'is what it is when it was more than that: %s',
    async (error) => {
      expect(await cut({ attempt: 7 }, error)).toBe(error);
    },
  );

  it('is looked for when it may have arrived', async () => {
    expect(await cut({ attempt: 7 }, lost(true))).toMatchObject({ outcomeUnknown: true });
  });
});
