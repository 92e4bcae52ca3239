import { beforeEach, describe, expect, test } from 'vitest';
import { LeaseLostError, type ItemLease } from '../../lib/leases.ts';
import { PersonalUploads, type Copy, type Push } from '../../lib/personal-uploads.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const minuteMs = 60_000;
const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const staged = { objectKey: 'staged/a/1', size: 1, md5 };

let tests = 0;
let now: Date;
let jobId: string;
let user: string;
let uploads: PersonalUploads;
beforeEach(() => {
  tests += 1;
  now = new Date('2026-01-01T00:00:00Z');
  jobId = `job-${tests}`;
  user = `user-${tests}`;
  uploads = new PersonalUploads(table().database, table().tableName, () => now);
});

const push = (): Push => ({
  jobId,
  recipients: ['jo@example.com', 'sam@example.com'],
  file: { url: 'https://acme.example/a.pdf', name: 'a.pdf' },
  name: 'a.pdf',
  folder: '/',
  onConflict: 'fail',
  onProcessingFailed: 'fail',
});
const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};
const copyOf = () => uploads.underLease(user, md5, minuteMs, (_lease, copy) => Promise.resolve(copy));
const record = (copy: Copy) =>
  uploads.underLease(user, md5, minuteMs, (lease) => uploads.recordCopy(lease, copy));

describe('a push', () => {
  test('is what it was when it was first written', async () => {
    await uploads.createPush(push());
    await uploads.createPush({ ...push(), name: 'b.pdf' });
    expect(await uploads.getPush(jobId)).toEqual(push());
  });

  test('that nobody wrote is none, and nothing can be staged for it', async () => {
    expect(await uploads.getPush(jobId)).toBeNull();
    expect(await uploads.recordStaged(jobId, staged)).toBe(false);
  });

  test('has one staged object, however many tries were made, until that is gone', async () => {
    await uploads.createPush(push());
    const twin = { ...staged, objectKey: 'staged/a/2' };
    expect(await uploads.recordStaged(jobId, staged)).toBe(true);
    expect(await uploads.recordStaged(jobId, staged)).toBe(true);
    expect(await uploads.recordStaged(jobId, twin)).toBe(false);
    await uploads.forgetStaged(jobId, twin);
    expect((await uploads.getPush(jobId))?.staged).toEqual(staged);
    await uploads.forgetStaged(jobId, staged);
    expect(await uploads.getPush(jobId)).toEqual(push());
    expect(await uploads.recordStaged(jobId, twin)).toBe(true);
  });
});

describe('the upload for a recipient', () => {
  test('is made once, and keeps what is known', async () => {
    expect(await uploads.open(jobId, 0)).toMatchObject({
      index: 0,
      state: 'waiting',
      polls: 0,
      ticketId: null,
    });
    await uploads.advance(jobId, 0, { state: 'processing', ticketId: 't' });
    expect(await uploads.open(jobId, 0)).toMatchObject({ state: 'processing', ticketId: 't' });
  });

  test('changes no more once it has ended', async () => {
    await uploads.open(jobId, 0);
    expect(await uploads.advance(jobId, 0, { state: 'done', assetId: 'a' })).toBe(true);
    expect(await uploads.advance(jobId, 0, { state: 'failed' })).toBe(false);
    expect(await uploads.reopen(jobId, 0)).toBe(false);
    expect(await uploads.open(jobId, 0)).toMatchObject({ state: 'done', assetId: 'a' });
  });

  test('begins again from nothing after it has failed', async () => {
    const fresh = await uploads.open(jobId, 0);
    await uploads.advance(jobId, 0, {
      state: 'failed',
      ticketId: 't',
      polls: 3,
      emptyCompletions: 2,
      since: now.toISOString(),
      place: { userId: user, divisionId: 'd' },
    });
    expect(await uploads.reopen(jobId, 0)).toBe(true);
    expect(await uploads.open(jobId, 0)).toEqual({
      ...fresh,
      emptyCompletions: 0,
      reopenedAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  test('is not changed before it was opened', async () => {
    expect(await uploads.advance(jobId, 0, { state: 'done' })).toBe(false);
    expect(await uploads.list(jobId)).toEqual([]);
  });

  test('is listed in the order of the recipients, beyond the first ten too', async () => {
    for (const index of [11, 2, 0]) await uploads.open(jobId, index);
    expect((await uploads.list(jobId)).map(({ index }) => index)).toEqual([0, 2, 11]);
  });
});

describe('a look at a ticket', () => {
  const claim = () => uploads.claimPoll(`ticket-${tests}`, new Date(now.getTime() - 28_000));

  test('is one at a time, whoever asks', async () => {
    const claims = await Promise.all([claim(), claim(), claim()]);
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('may follow another after the pace, and not before', async () => {
    expect(await claim()).toBe(true);
    later(27_999);
    expect(await claim()).toBe(false);
    later(1);
    expect(await claim()).toBe(true);
  });
});

describe('a copy in the My Files of a person', () => {
  test('is unknown at first, and then what was last recorded', async () => {
    expect(await copyOf()).toEqual({});
    await record({ ticketId: 't' });
    expect(await copyOf()).toEqual({ ticketId: 't' });
  });

  test('is written by one at a time', async () => {
    const second = await uploads.underLease(user, md5, minuteMs, () => copyOf());
    expect(second).toBeNull();
  });

  test('cannot be written by a holder whose lease has run out, or was taken over', async () => {
    let old: ItemLease | undefined;
    const late = uploads.underLease(user, md5, minuteMs, async (lease) => {
      old = lease;
      later(3 * minuteMs);
      await uploads.recordCopy(lease, { assetId: 'late' });
    });
    await expect(late).rejects.toThrow(LeaseLostError);
    await uploads.underLease(user, md5, minuteMs, async () => {
      if (old !== undefined) await expect(uploads.recordCopy(old, {})).rejects.toThrow(LeaseLostError);
    });
    expect(await copyOf()).toEqual({});
  });

  test('gives its lease back when its story fails', async () => {
    const failed = uploads.underLease(user, md5, minuteMs, () => Promise.reject(new Error('no')));
    await expect(failed).rejects.toThrow('no');
    expect(await copyOf()).toEqual({});
  });

  test('learns from its ticket which asset it is, or that it is none', async () => {
    await record({ ticketId: 't' });
    expect(await uploads.settleCopy(user, md5, 'another', null)).toBe(false);
    expect(await uploads.settleCopy(user, md5, 't', 'a')).toBe(true);
    expect(await copyOf()).toEqual({ ticketId: 't', assetId: 'a' });
    expect(await uploads.settleCopy(user, md5, 't', null)).toBe(true);
    expect(await copyOf()).toEqual({});
    expect(await uploads.settleCopy(user, md5, 't', 'a')).toBe(false);
  });

  test('is not among the others of that person', async () => {
    await record({ ticketId: 'own' });
    await uploads.underLease(user, 'other', minuteMs, (lease) =>
      uploads.recordCopy(lease, { ticketId: 't' }),
    );
    await uploads.underLease(user, 'unsent', minuteMs, () => Promise.resolve());
    expect(await uploads.listOtherCopies(user, md5)).toEqual([{ ticketId: 't' }]);
    expect(await uploads.listOtherCopies('nobody', md5)).toEqual([]);
  });
});
