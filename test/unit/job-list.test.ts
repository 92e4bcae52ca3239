import { beforeEach, describe, expect, it } from 'vitest';
import { eventOrder } from '../../lib/event-order.ts';
import { CursorError, JobList } from '../../lib/job-list.ts';
import { jobId, Jobs, type JobState } from '../../lib/jobs.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const dayMs = 86_400_000;

/** Each test looks at sources of its own, on days of its own. */
let now = new Date('2020-01-01T12:00:00Z');
let source = '';
let tests = 0;
let jobs: Jobs;
let list: JobList;
beforeEach(() => {
  tests += 1;
  source = `source-${tests}`;
  now = new Date(Date.parse('2020-01-01T12:00:00Z') + tests * 400 * dayMs);
  const { database, tableName } = table();
  jobs = new Jobs(database, tableName, () => now);
  list = new JobList(database, tableName, () => now);
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

async function listAll(filter: { state?: JobState; source?: string }, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await list.page({ ...filter, limit, cursor });
    expect(items.length).toBeLessThanOrEqual(limit);
    pages.push(items.map(({ eventId }) => eventId));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

const mine = async (state: JobState, limit: number) => (await listAll({ state, source }, limit)).flat();
const later = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the list of jobs', () => {
  it('is empty, and at its end, when there are none', async () => {
    expect(await list.page({ source, limit: 10 })).toEqual({ items: [], next: null });
    expect(await list.page({ source, state: 'staging', limit: 10 })).toEqual({ items: [], next: null });
  });

  it('shows the newest first, over days with and without jobs, each once', async () => {
    const made: string[] = [];
    for (const pauseMs of [0, 1, 5 * dayMs, 60_000, dayMs, 12 * dayMs, 1, 1]) {
      later(pauseMs);
      made.unshift(`job-${made.length}`);
      await create(made[0] ?? '');
    }
    for (const limit of [1, 3, 100]) {
      expect((await listAll({}, limit)).flat()).toEqual(made);
    }
  });

  it('shows jobs on their way by the state they have now', async () => {
    const ids: string[] = [];
    for (const eventId of ['a', 'b', 'c', 'd']) {
      ids.push(await create(eventId));
      later(1);
    }
    const [a = '', b = '', c = ''] = ids;
    for (const id of [a, b, c]) await jobs.advance(id, 'staging');
    await jobs.advance(b, 'staged');
    await jobs.end({ id: c }, 'done');
    for (const limit of [1, 50]) {
      expect(await mine('staging', limit)).toEqual(['a']);
      expect(await mine('staged', limit)).toEqual(['b']);
      expect(await mine('received', limit)).toEqual(['d']);
      expect(await mine('done', limit)).toEqual(['c']);
    }
  });

  it('reads more jobs than one request to the table brings', async () => {
    const ids = await Promise.all(Array.from({ length: 130 }, (_, index) => create(`job-${index}`)));
    const { items } = await list.page({ source, limit: 200 });
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set(ids));
  });

  it('fills its pages as long as there is enough', async () => {
    for (let count = 0; count < 7; count += 1) {
      await create(`job-${count}`);
      later(1);
    }
    const pages = await listAll({}, 3);
    expect(pages.map((page) => page.length).filter((length) => length > 0)).toEqual([3, 3, 1]);
  });

  it('shows the jobs of one state, and a job only in the state it has', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      ids.push(await create(`job-${count}`));
      later(3 * dayMs);
    }
    for (const id of ids.slice(0, 3)) await jobs.end({ id }, 'superseded');
    for (const limit of [1, 2, 50]) {
      expect(await mine('superseded', limit)).toEqual(['job-2', 'job-1', 'job-0']);
      expect(await mine('received', limit)).toEqual(['job-5', 'job-4', 'job-3']);
    }
    expect(await mine('failed', 50)).toEqual([]);
  });

  it('shows the jobs of one source, however many others stand between them', async () => {
    for (let count = 0; count < 12; count += 1) {
      await create(`job-${count}`, 'received', count % 5 === 0 ? source : `${source}-other`);
      later(count % 4 === 0 ? dayMs : 1);
    }
    for (const limit of [2, 50]) {
      expect((await listAll({ source }, limit)).flat()).toEqual(['job-10', 'job-5', 'job-0']);
      expect((await listAll({ source, state: 'received' }, limit)).flat()).toEqual([
        'job-10',
        'job-5',
        'job-0',
      ]);
    }
  });

  it('never shows what has expired', async () => {
    await create('old');
    later(100 * dayMs);
    await create('new');
    expect((await listAll({ source }, 10)).flat()).toEqual(['new']);
    expect((await listAll({ source, state: 'received' }, 1)).flat()).toEqual(['new']);
  });

  it('shows every job that can still be read', async () => {
    const id = await create('long');
    for (let days = 0; days < 40; days += 10) {
      later(10 * dayMs);
      await jobs.advance(id, 'staging');
      const isReadable = (await jobs.get(id)) !== null;
      expect((await listAll({ source }, 10)).flat()).toEqual(isReadable ? ['long'] : []);
    }
  });

  it('goes on where it was, although jobs have come since', async () => {
    for (const eventId of ['a', 'b', 'c']) {
      await create(eventId);
      later(1);
    }
    const first = await list.page({ limit: 2 });
    later(dayMs);
    await create('d');
    const second = await list.page({ limit: 2, cursor: first.next ?? '' });
    expect([...first.items, ...second.items].map(({ eventId }) => eventId)).toEqual(['c', 'b', 'a']);
  });

  it.each([
    ['nothing', ''],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('x').toString('base64url')],
    ['null', encoded(null)],
    ['a list', encoded([])],
    ['no day', encoded({})],
    ['a day that is none', encoded({ day: '2020-99-99' })],
    ['a day of the far future', encoded({ day: '9999-12-31' })],
    ['a day that is a number', encoded({ day: 20_200_101 })],
    ['no place', encoded({ day: '2020-01-01', after: null })],
    ['a place that is a list', encoded({ day: '2020-01-01', after: [] })],
    ['another place', encoded({ day: '2020-01-01', after: { x: 'y' } })],
    ['a place of another shape', encoded({ day: '2020-01-01', after: { pk: { S: 'JOB#1' } } })],
  ])('refuses a cursor with %s', async (_what, cursor) => {
    await expect(list.page({ limit: 1, cursor })).rejects.toBeInstanceOf(CursorError);
  });

  it('refuses the cursor of another list', async () => {
    for (const eventId of ['a', 'b']) await create(eventId, 'done');
    const byDay = (await list.page({ limit: 1 })).next ?? '';
    const byState = (await list.page({ state: 'done', limit: 1 })).next ?? '';
    for (const [state, cursor] of [
      ['failed', byState],
      ['done', byDay],
      [undefined, byState],
    ] as const) {
      await expect(list.page({ state, limit: 1, cursor })).rejects.toBeInstanceOf(CursorError);
    }
  });
});
