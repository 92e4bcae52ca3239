import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobId } from '../../lib/jobs.ts';
import { rowOf, runQuery, type Row } from '../logs-insights.ts';
import { playLogStories, traces, type LogStories } from './log-stories.ts';

let stories: LogStories;
let lines: readonly Row[];
beforeAll(async () => {
  stories = await playLogStories();
  lines = stories.lines.map(rowOf);
}, 120_000);
afterAll(() => stories.stop());

const distinct = (rows: readonly Row[], field: string) =>
  [...new Set(rows.map((row) => row[field]))].toSorted();
const linesOf = (subject: keyof typeof traces) => lines.filter(({ traceId }) => traceId === traces[subject]);
const are = (rows: readonly Row[], ...messages: readonly string[]) =>
  rows.filter(({ message }) => messages.includes(String(message)));
const told = (rows: readonly Row[]) => rows.map(({ message }) => message);
const brochure = jobId('dam', '0c1f');

describe('the trail of an event', () => {
  test('leads through every function, from the webhook to the last call to Showpad', () => {
    const trail = linesOf('brochure-2026');
    expect(distinct(trail, 'function_name')).toEqual([
      'poll-processing',
      'publish-outcome',
      'receive-event',
      'stage-binary',
      'update-metadata',
      'upload-asset',
    ]);
    expect(distinct(trail, 'jobId')).toEqual([brochure]);
    expect(trail).toEqual(lines.filter((line) => line['jobId'] === brochure));
    expect(told(trail)[0]).toBe('event accepted');
    expect(told(trail).slice(-2)).toEqual(['outcome published', 'event delivered again']);
    expect(told(trail)).toContain('done');
  });

  test('has each business event once, with the ids of Showpad', () => {
    const trail = linesOf('brochure-2026');
    const { assetId, fileId } = stories.jobs['brochure-2026']?.showpad ?? {};
    const ids = are(trail, 'file staged', 'metadata written', 'file uploaded', 'file usable', 'done');
    expect(ids.map(({ message, assetId: asset, fileId: file }) => [message, asset, file])).toEqual([
      ['file staged', assetId, undefined],
      ['file uploaded', assetId, fileId],
      ['metadata written', assetId, fileId],
      ['file usable', assetId, fileId],
      ['done', assetId, fileId],
    ]);
    const pushed = lines.filter(({ subject }) => subject === 'push');
    const [sent, arrived] = are(pushed, 'file sent to My Files', 'file is in My Files');
    const { ticketId } = sent ?? {};
    expect(sent).toMatchObject({ recipient: 0, ticketId: expect.any(String) as string });
    expect(arrived).toMatchObject({ recipient: 0, ticketId, assetId: expect.any(String) as string });
    const looks = pushed.filter(({ operation }) => String(operation).startsWith('GET /tickets'));
    expect(distinct(looks, 'ticketId')).toEqual([ticketId]);
    expect(are(pushed, 'recipient failed')).toMatchObject([{ recipient: 1, code: 'RECIPIENT_UNKNOWN' }]);
    expect(are(pushed, 'failed').map(({ recipient }) => recipient)).toEqual([undefined]);
  });

  test('is its own for each event of a batch, and that of the request for one that brings none', () => {
    for (const subject of ['brochure-2026', 'flyer', 'poster'] as const) {
      const trail = linesOf(subject);
      expect(distinct(trail, 'subject')).toEqual([subject]);
      expect(are(trail, 'file uploaded')).toHaveLength(1);
      expect(stories.jobs[subject]?.traceId).toBe(traces[subject]);
    }
  });

  test('stays that of the first delivery, whatever a second one brings', () => {
    const again = are(lines, 'event delivered again');
    expect(again.map(({ subject, traceId }) => [subject, traceId]).toSorted()).toEqual([
      ['brochure-2026', traces['brochure-2026']],
      ['flyer', traces.flyer],
      ['poster', traces.poster],
    ]);
  });

  test.each([
    ['a retry', 'retried', ['failed', 'tried again on request', 'done']],
    [
      'a redrive',
      'dead',
      ['message failed', 'message failed', 'failed', 'goes on: its message has come', 'done'],
    ],
    ['the sweep, when its message was lost', 'lost', ['swept', 'done']],
    ['a message without a trace', 'bare', ['done']],
  ] as const)('goes on through %s', (_what, subject, expected) => {
    const trail = linesOf(subject);
    expect(told(are(trail, ...expected))).toEqual(expected);
    expect(trail).toEqual(lines.filter((line) => line['subject'] === subject));
    expect(stories.jobs[subject]).toMatchObject({ state: 'done', traceId: traces[subject] });
  });
});

test('every message carries the trace of its job, but for the one that was sent by hand', () => {
  const { jobs, messages } = stories;
  const tracesOfJobs = new Map(Object.values(jobs).map(({ id, traceId }) => [id, traceId]));
  const known = messages.filter((message) => tracesOfJobs.has(message.jobId));
  expect(known.length).toBeGreaterThan(25);
  const others = known.filter(({ jobId: id, traceId }) => tracesOfJobs.get(id) !== traceId);
  expect(others).toEqual([{ jobId: jobs['bare']?.id, traceId: undefined }]);
});

test('every line but those of no job says which job it is about', () => {
  const nameless = lines.filter((line) =>
    ['jobId', 'source', 'subject', 'traceId'].some((fact) => line[fact] === undefined),
  );
  expect(told(nameless).toSorted()).toEqual(['delivery refused', 'sweep ended']);
});

test('every request to Showpad has its line, under the trace of the event that it was made for', () => {
  const { requests } = stories.connector.showpad;
  expect(are(lines, 'Showpad answered')).toHaveLength(requests.length);
  const { assetId } = stories.jobs['flyer']?.showpad ?? {};
  const own = requests
    .filter(({ path }) => path.startsWith(`/v4/assets/${assetId}`))
    .map(({ method }) => method);
  const calls = are(linesOf('flyer'), 'Showpad answered').filter(
    (line) => line['assetId'] === assetId && line['operation'] !== 'PUT upload link',
  );
  expect(calls.map(({ operation }) => String(operation).split(' ')[0])).toEqual(own);
  expect(own.length).toBeGreaterThan(2);
});

test('calls that change something, or fail, are told at INFO, and reads only at DEBUG', () => {
  const levels = are(lines, 'Showpad answered').map(({ level, operation, status }) => {
    // Of a file that was uploaded there is a line of its own.
    const isTold = /^(?:GET |PUT upload link$)/.test(String(operation));
    const isQuiet = isTold && status !== null && Number(status) < 400;
    return [level, isQuiet ? 'DEBUG' : 'INFO'];
  });
  expect(levels.filter(([level, wanted]) => level !== wanted)).toEqual([]);
});

describe("the README's log queries", () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/^```logs-insights\n# (.+)\n([^`]+)\n```$/gm)];
  const queries = new Map(blocks.map(([, name = '', query = '']) => [name, query]));
  const inOrder = (rows: readonly Row[], field: string) => {
    const values = rows.map((row) => Number(row[field]));
    return (
      values.length > 1 && values.every((value, index) => index === 0 || value <= (values[index - 1] ?? 0))
    );
  };
  const idOfLetter = () => String(are(lines, 'message failed')[0]?.['messageId']);

  const promises: Readonly<Record<string, (rows: readonly Row[]) => void>> = {
    'What happened to a file': (rows) => {
      const own = lines.filter(({ source, subject }) => source === 'dam' && subject === 'brochure-2026');
      expect(told(rows)).toEqual(told(own));
      expect(are(rows, 'event accepted', 'done')).toHaveLength(4);
    },
    'What happened to a job': (rows) => {
      expect(told(rows)).toEqual(told(linesOf('brochure-2026')));
    },
    'What happened in a trace': (rows) => {
      expect(told(rows)).toEqual(told(linesOf('brochure-2026')));
    },
    'Which uploads are slowest': (rows) => {
      expect(rows).toHaveLength(are(lines, 'file uploaded', 'file sent to My Files').length);
      expect(inOrder(rows, 'durationMs')).toBe(true);
      const { size, durationMs, kilobytesPerSecond } = rows[0] ?? {};
      expect(kilobytesPerSecond).toBe(Number(size) / Number(durationMs));
    },
    'Which downloads from sources are slowest': (rows) => {
      expect(rows).toHaveLength(are(lines, 'file staged').length);
      expect(inOrder(rows, 'durationMs')).toBe(true);
    },
    'Which jobs took longest': (rows) => {
      expect(rows[0]).toMatchObject({ subject: 'lost', jobId: stories.jobs['lost']?.id });
      expect(inOrder(rows, 'seconds')).toBe(true);
    },
    'Failures by reason': (rows) => {
      const found = rows.map(({ code, source, failures, files }) => [code, source, failures, files]);
      expect(found.toSorted()).toEqual([
        ['DEAD_LETTER', 'demo', 1, 1],
        ['RECIPIENTS_FAILED', 'dam', 1, 1],
        ['RECIPIENT_UNKNOWN', 'dam', 1, 1],
        ['SOURCE_NOT_FOUND', 'dam', 1, 1],
      ]);
      expect(rows.every(({ example }) => String(example).endsWith('.'))).toBe(true);
    },
    'What is put off, and why': (rows) => {
      const all = are(lines, 'put off').length;
      expect(rows.reduce((sum, { times }) => sum + Number(times), 0)).toBe(all);
      const throttled = rows.find(({ why }) => String(why).includes('429'));
      expect(throttled).toMatchObject({ step: 'upload', times: 1, jobs: 1 });
    },
    'Which sources send how much': (rows) => {
      const staged = are(lines, 'file staged').filter(({ source }) => source === 'dam');
      const bytes = staged.reduce((sum, { size }) => sum + Number(size), 0);
      expect(rows).toContainEqual(
        expect.objectContaining({ source: 'dam', message: 'file staged', lines: staged.length, bytes }),
      );
      expect(rows).toContainEqual(
        expect.objectContaining({ source: 'demo', message: 'event accepted', lines: 1, files: 1 }),
      );
    },
    'Which deliveries are refused': (rows) => {
      expect(rows).toMatchObject([{ source: 'dam', status: 401, times: 1 }]);
    },
    'Calls to Showpad by operation': (rows) => {
      const made = are(lines, 'asset created').length;
      expect(rows).toContainEqual(
        expect.objectContaining({ operation: 'POST /assets', status: 201, calls: made }),
      );
      expect(rows).toContainEqual(
        expect.objectContaining({ operation: 'POST /assets', status: 429, calls: 1 }),
      );
      expect(rows.every(({ p95, slowest }) => Number(p95) <= Number(slowest))).toBe(true);
    },
    'When Showpad slowed us down': (rows) => {
      expect(told(rows).toSorted()).toEqual(['Showpad paused for everybody', 'rate towards Showpad halved']);
      expect(rows).toContainEqual(expect.objectContaining({ api: 'v4', seconds: 1 }));
    },
    'What one dead letter says': (rows) => {
      expect(rows).toMatchObject([
        { message: 'message failed', receives: '1', 'error.name': 'TypeError', subject: 'dead' },
        { message: 'message failed', receives: '2', 'error.name': 'TypeError', subject: 'dead' },
        { message: 'failed', code: 'DEAD_LETTER', jobId: stories.jobs['dead']?.id },
      ]);
    },
    'What the sweep found': (rows) => {
      expect(rows).toEqual([{ kind: 'MessageSentAgain', times: 1, jobs: 1 }]);
    },
    'Errors by function': (rows) => {
      expect(rows).toMatchObject([
        { function_name: 'stage-binary', message: 'message failed', 'error.name': 'TypeError', times: 2 },
      ]);
    },
  };

  test('are all there, and all proven here', () => {
    expect([...queries.keys()]).toEqual(Object.keys(promises));
  });

  test.each(Object.entries(promises))('%s: finds what it promises in the lines of a run', (name, check) => {
    const query = queries.get(name)?.replace(/0{8}(?:-0+){4}/, idOfLetter()) ?? '';
    const { rows, fields } = runQuery(query, stories.lines);
    expect([...fields].filter((field) => !lines.some((line) => line[field] !== undefined))).toEqual([]);
    check(rows);
  });
});
