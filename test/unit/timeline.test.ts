import { beforeEach, describe, expect, it } from 'vitest';
import { Timeline } from '../../lib/timeline.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
const dayMs = 86_400_000;

let now = new Date('2026-01-01T00:00:00Z');
let key = '';
let tests = 0;
let timeline: Timeline;
beforeEach(() => {
  tests += 1;
  key = `demo:timeline-${tests}`;
  now = new Date('2026-01-01T00:00:00Z');
  const { database, tableName } = table();
  timeline = new Timeline(database, tableName, () => now);
});

async function append(what: string, ofKey = key): Promise<void> {
  await timeline.append(ofKey, {
    what,
    jobId: 'job_1',
    details: { bytes: 3, none: undefined, nothing: null },
  });
  now = new Date(now.getTime() + 1);
}
const told = async (limit?: number) => (await timeline.newest(key, limit)).map(({ what }) => what);

/** Counts the items that are written from now on. */
function countItems(): () => number {
  let items = 0;
  const name = `count-items-${tests}`;
  table().database.middlewareStack.add(
    (next, { commandName }) =>
      (request) => {
        if (commandName === 'PutItemCommand' || commandName === 'PutCommand') items += 1;
        return next(request);
      },
    { step: 'initialize', name },
  );
  return () => {
    table().database.middlewareStack.remove(name);
    return items;
  };
}

describe('the timeline of an asset', () => {
  it('is empty before anything has happened', async () => {
    expect(await timeline.newest(key)).toEqual([]);
  });

  it('tells what happened, when, for which job and with what details', async () => {
    await append('file staged');
    expect(await timeline.newest(key)).toEqual([
      {
        at: '2026-01-01T00:00:00.000Z',
        what: 'file staged',
        jobId: 'job_1',
        details: { bytes: 3, nothing: null },
      },
    ]);
  });

  it('tells it in the order in which it happened', async () => {
    for (const what of ['a', 'b', 'c']) await append(what);
    expect(await told()).toEqual(['a', 'b', 'c']);
  });

  it('keeps the newest lines when there are more than asked for', async () => {
    for (const what of ['a', 'b', 'c', 'd']) await append(what);
    expect(await told(2)).toEqual(['c', 'd']);
  });

  it('loses no line of the same millisecond', async () => {
    const entries = Array.from({ length: 20 }, (_none, index) => `line ${index}`);
    await Promise.all(entries.map((what) => timeline.append(key, { what, jobId: 'job_1', details: {} })));
    expect((await told()).toSorted()).toEqual(entries.toSorted());
  });

  it('is of one asset only, also where the key of another begins like it', async () => {
    await append('mine');
    await append('of another', `${key}0`);
    expect(await told()).toEqual(['mine']);
  });

  it('takes every subject that an event may have', async () => {
    for (const subject of ['文'.repeat(1024), '😀'.repeat(512), 'a#TIMELINE#b', ' ']) {
      key = `demo:${subject}`;
      await append('happened');
      expect(await told()).toEqual(['happened']);
    }
  });

  it('forgets a line after 90 days, whether DynamoDB has deleted it or not', async () => {
    await append('old');
    now = new Date(now.getTime() + 89 * dayMs);
    await append('new');
    expect(await told()).toEqual(['old', 'new']);
    now = new Date(now.getTime() + 2 * dayMs);
    expect(await told()).toEqual(['new']);
  });

  it('has the lines of one story in one item, each with its own time', async () => {
    const written = countItems();
    await timeline.gather(async () => {
      for (const what of ['a', 'b', 'c']) await append(what);
      expect(await told()).toEqual([]);
    });
    expect(written()).toBe(1);
    await append('d');
    expect((await timeline.newest(key)).map(({ at }) => at.slice(-4))).toEqual([
      '000Z',
      '001Z',
      '002Z',
      '003Z',
    ]);
    expect(await told(2)).toEqual(['c', 'd']);
  });

  it('has the lines of a story that failed, and at once those that must not wait', async () => {
    const story = timeline.gather(async () => {
      await append('a');
      await timeline.flush();
      expect(await told()).toEqual(['a']);
      await append('b');
      throw new Error('It went wrong.');
    });
    await expect(story).rejects.toThrow('It went wrong.');
    expect(await told()).toEqual(['a', 'b']);
  });
});
