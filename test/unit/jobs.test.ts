import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventOrder } from '../../lib/event-order.ts';
import {
  hasEnded,
  jobId,
  Jobs,
  jobStates,
  type EndState,
  type JobChanges,
  type JobState,
} from '../../lib/jobs.ts';
import { jobError } from '../../lib/reasons.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const dayMs = 86_400_000;

/** Each test looks at sources of its own, on days of its own. */
let now = new Date('2020-01-01T12:00:00Z');
let source = '';
let tests = 0;
let jobs: Jobs;
beforeEach(() => {
  tests += 1;
  source = `source-${tests}`;
  now = new Date(Date.parse('2020-01-01T12:00:00Z') + tests * 400 * dayMs);
  const { database, tableName } = table();
  jobs = new Jobs(database, tableName, () => now);
});

async function create(eventId: string, state: JobState = 'received', from = source): Promise<string> {
  const id = jobId(from, eventId);
  const created = await jobs.create({
    id,
    eventId,
    source: from,
    subject: 's',
    key: `${from}:s`,
    type: 'asset.upsert',
    state,
    order: eventOrder({ id: eventId, time: '2026-01-01T00:00:00.000000000Z' }),
    wishes: ['content'],
    defaults: { division: { name: 'Sales' } },
    error: null,
    showpad: {},
  });
  if (created === null) throw new Error('The job exists.');
  return id;
}

const isEnd = (state: JobState): state is EndState => ['done', 'failed', 'superseded'].includes(state);

/** Takes a job that was never brought back to its next state. */
function go(id: string, to: Exclude<JobState, 'ignored'>, changes: JobChanges = {}): Promise<boolean> {
  return isEnd(to) ? jobs.end({ id }, to, changes) : jobs.advance(id, to, changes);
}

const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

describe('a job', () => {
  it('is read as it was written', async () => {
    const id = await create('a');
    const job = await jobs.get(id);
    expect(job).toEqual({
      id,
      eventId: 'a',
      source,
      subject: 's',
      key: `${source}:s`,
      type: 'asset.upsert',
      state: 'received',
      order: '02026-01-01T00:00:00.000000000Z a',
      wishes: ['content'],
      defaults: { division: { name: 'Sales' } },
      attempts: 0,
      error: null,
      showpad: {},
      createdAt: now.toISOString(),
      updatedAt: now.toISOString(),
    });
  });

  it('has an id that every delivery of its event leads to, and no other event', () => {
    expect(jobId('demo', 'a')).toBe(jobId('demo', 'a'));
    expect(jobId('demo', 'a')).toMatch(/^job_[0-9a-f]{32}$/);
    expect(new Set([jobId('a', 'b'), jobId('b', 'a'), jobId('a', ''), jobId('a', 'b\n')]).size).toBe(4);
  });

  it('is made once, however many try', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => create('a')));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('that nobody has made is null', async () => {
    expect(await jobs.get(jobId(source, 'unheard of'))).toBeNull();
    expect(await jobs.end({ id: jobId(source, 'unheard of') }, 'done')).toBe(false);
    expect(await jobs.get(jobId(source, 'unheard of'))).toBeNull();
  });

  it('takes only the changes it is given when it goes on', async () => {
    const id = await create('a');
    later(1000);
    const error = { code: 'FILE_EMPTY', message: 'It is empty.', retryable: false } as const;
    await jobs.advance(id, 'uploading', { showpad: { assetId: '1' }, attempts: 3 });
    expect(await jobs.end({ id }, 'failed', { error })).toBe(true);
    expect(await jobs.get(id)).toMatchObject({
      state: 'failed',
      attempts: 3,
      showpad: { assetId: '1' },
      error,
      updatedAt: now.toISOString(),
      createdAt: new Date(now.getTime() - 1000).toISOString(),
    });
  });

  it('ends once, although many say that it has', async () => {
    const id = await create('a');
    const ends = ['done', 'failed', 'superseded', 'done', 'failed'] as const;
    const ended = await Promise.all(ends.map((state) => jobs.end({ id }, state)));
    expect(ended.filter(Boolean)).toHaveLength(1);
  });

  it('has ended in these states and no other', async () => {
    const ended = [];
    for (const state of jobStates) {
      const job = await jobs.get(await create(state, state));
      if (job !== null && hasEnded(job)) ended.push(state);
    }
    expect(ended.toSorted()).toEqual(['done', 'failed', 'ignored', 'superseded']);
  });

  it('is kept for more than 15 days, and then no longer shown, deleted or not', async () => {
    const id = await create('a');
    later(16 * dayMs);
    expect(await jobs.get(id)).not.toBeNull();
    later(60 * dayMs);
    expect(await jobs.get(id)).toBeNull();
    const { database, tableName } = table();
    const { Items } = await database.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `JOB#${id}` },
      }),
    );
    expect(Items).toHaveLength(1);
  });

  it('is made anew when its event comes again after it has expired', async () => {
    await create('a', 'done');
    later(100 * dayMs);
    const id = await create('a');
    expect(await jobs.get(id)).toMatchObject({ state: 'received', createdAt: now.toISOString() });
  });
});

/** From each state, the states a job may go to. */
const legal: Readonly<Record<JobState, readonly JobState[]>> = {
  received: ['staging', 'staged', 'uploading', 'applying', 'processing', 'done', 'failed', 'superseded'],
  staging: ['staging', 'staged', 'uploading', 'processing', 'done', 'failed', 'superseded'],
  staged: ['staging', 'staged', 'uploading', 'processing', 'done', 'failed', 'superseded'],
  uploading: ['uploading', 'processing', 'done', 'failed', 'superseded'],
  processing: ['processing', 'done', 'failed', 'superseded'],
  applying: ['staging', 'staged', 'uploading', 'applying', 'processing', 'done', 'failed', 'superseded'],
  done: [],
  failed: ['received'],
  superseded: [],
  ignored: [],
};

describe('the way of a job', () => {
  const goals = jobStates.filter((state) => state !== 'ignored');

  it.each(jobStates)('leads from %s only where it may', async (from) => {
    const reached: JobState[] = [];
    for (const to of goals) {
      const id = await create(`${from}-${to}`, from);
      const went = await go(id, to, { attempts: 9 });
      expect(await jobs.get(id)).toMatchObject(
        went ? { state: to, attempts: 9 } : { state: from, attempts: 0 },
      );
      if (went) reached.push(to);
    }
    expect(reached.toSorted()).toEqual(legal[from].toSorted());
  });

  it('never leads to ignored', async () => {
    for (const from of jobStates) {
      const id = await create(`${from}-ignored`, from);
      expect(await jobs.advance(id, 'ignored' as never).catch(() => false)).toBe(false);
      expect(await jobs.get(id)).toMatchObject({ state: from });
    }
  });

  it('begins anew after a failure when somebody has it tried again', async () => {
    const error = jobError('SOURCE_UNREACHABLE', 'The source was down.');
    const id = await create('retried');
    await jobs.end({ id }, 'failed', { attempts: 7, error });
    const retriedAt = '2026-01-02T00:00:00.000Z';
    expect(await jobs.advance(id, 'received', { attempts: 0, error: null, retriedAt })).toBe(true);
    expect(await jobs.get(id)).toMatchObject({ state: 'received', attempts: 0, error: null, retriedAt });
    expect(await jobs.advance(id, 'received', { attempts: 0 })).toBe(false);
    expect(await jobs.advance(id, 'staging')).toBe(true);
  });

  it('is not ended by whoever read it before it was brought back', async () => {
    const error = jobError('SOURCE_UNREACHABLE', 'The source was down.');
    const id = await create('stale');
    const before = { id };
    await jobs.end(before, 'failed', { error });
    await jobs.advance(id, 'received', { error: null });
    const second = await jobs.get(id);
    expect(await jobs.end(before, 'done')).toBe(false);
    await jobs.end(second ?? before, 'failed', { error });
    await jobs.advance(id, 'received', { error: null });
    expect(await jobs.end(second ?? before, 'done')).toBe(false);
    expect(await jobs.end((await jobs.get(id)) ?? before, 'done')).toBe(true);
  });

  it('remembers its last failure, and in which of its times it was, when it is brought back', async () => {
    const id = await create('remembered');
    const first = jobError('SOURCE_UNREACHABLE', 'The source was down.');
    await jobs.end({ id }, 'failed', { error: first });
    const failedAt = now.toISOString();
    later(1_000);
    await jobs.advance(id, 'received', { error: null });
    const reopened = await jobs.get(id);
    expect(reopened).toMatchObject({ error: null, lastFailure: { at: failedAt, error: first } });
    const second = jobError('FILE_EMPTY', 'It is empty.');
    await jobs.end(reopened ?? { id }, 'failed', { error: second });
    expect((await jobs.get(id))?.lastFailure).toEqual({
      at: now.toISOString(),
      error: second,
      reopening: reopened?.reopening,
    });
  });
});
