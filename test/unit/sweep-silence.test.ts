import { DeleteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventOrder } from '../../lib/event-order.ts';
import { jobId } from '../../lib/jobs.ts';
import { getServices, resetServices } from '../../lib/services.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import type { Source } from '../../lib/sources/source.ts';
import { sweepSilence } from '../../lib/sweep-silence.ts';
import { metricLines, metricsOf } from '../metric-lines.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { stubEnvironment } from './invoke.ts';

const hourMs = 3_600_000;
const table = useEmbeddedTable();
let log: string[] = [];
let year = 2030;

beforeEach(async () => {
  log = [];
  // The jobs that the tests before have left lie years back.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC((year += 1), 0, 7) });
  stubEnvironment({
    ...table().environment,
    TABLE_NAME: table().tableName,
    POWERTOOLS_LOG_LEVEL: 'INFO',
    POWERTOOLS_METRICS_DISABLED: 'false',
  });
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => log.push(String(chunk)) > 0);
  const { database, tableName } = table();
  const remembered = [
    { pk: 'SWEEP', sk: 'SOURCES' },
    { pk: 'SOURCES', sk: 'ROSTER' },
  ];
  for (const Key of remembered) await database.send(new DeleteCommand({ TableName: tableName, Key }));
  // It listens from its first run on.
  await sweep();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await resetServices();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

const pass = (hours: number): void => {
  vi.setSystemTime(Date.now() + hours * hourMs);
};

async function send(source: string): Promise<void> {
  const id = `event at ${Date.now()}`;
  await getServices().jobs.create({
    id: jobId(source, id),
    eventId: id,
    source,
    subject: 'a',
    key: `${source}:a`,
    type: 'asset.upsert',
    state: 'done',
    order: eventOrder({ id, time: '2026-01-01T00:00:00.000000000Z' }),
    wishes: [],
    defaults: {},
    error: null,
    showpad: {},
  });
}

async function sweep(isTimeUp = () => false): Promise<void> {
  await sweepSilence({
    services: getServices(),
    progress: {},
    isTimeUp,
    failed: () => undefined,
    swept: () => undefined,
  });
}

const stepHours = 24;

/** An event of each of these sources, and then a sweep, every day. */
async function live(sources: readonly string[], days: number): Promise<void> {
  for (let passed = 0; passed < days * 24; passed += stepHours) {
    for (const source of sources) await send(source);
    pass(stepHours);
    await sweep();
  }
}

/** Sweeps for so long, once an hour. */
async function wait(hours: number): Promise<void> {
  for (let passed = 0; passed < hours; passed += 1) {
    pass(1);
    await sweep();
  }
}

/** What the log has said of silent sources since the last look. */
function told(): { source: string; silentHours: number; usualHours: number | null }[] {
  const lines = log.splice(0).join('').split('\n');
  return lines.filter((line) => line.includes('"source is silent"')).map((line) => JSON.parse(line) as never);
}

/** The metric as the last sweep has left it. */
function silentSources(): number | undefined {
  log.length = 0;
  getServices().metrics.publish();
  return metricLines(log).flatMap(metricsOf)[0]?.values[0];
}

const tell = (sources: Readonly<Record<string, { quietHours?: number }>>): Promise<void> => {
  const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
  const withSecrets = Object.entries(sources).map(([name, source]) => [name, { secrets, ...source }]);
  const parsed: ReadonlyMap<string, Source> = parseSources(JSON.stringify(Object.fromEntries(withSecrets)));
  return getServices().roster.tell(parsed);
};

describe('a source from which nothing comes any more', () => {
  it('is named once, counted for a day, and heard of again only after its next silence', async () => {
    await tell({ dam: {}, cms: {} });
    await live(['dam', 'cms'], 8);
    expect(told()).toEqual([]);
    expect(silentSources()).toBe(0);

    await live(['cms'], 2);
    expect(told()).toMatchObject([{ source: 'dam', usualHours: 24, allowedHours: 48, silentHours: 72 }]);
    expect(silentSources()).toBe(1);
    await wait(1);
    expect(told()).toEqual([]);
    expect(silentSources()).toBe(1);
    await live(['cms'], 1);
    expect(silentSources()).toBe(0);

    await live(['dam', 'cms'], 1);
    expect(told()).toEqual([]);
    await live(['cms'], 4);
    expect(told()).toMatchObject([{ source: 'dam', usualHours: 48, allowedHours: 96 }]);
    await live(['dam', 'cms'], 1);
    expect(silentSources()).toBe(0);
  });

  it('rings no more once it is set up no more', async () => {
    await tell({ dam: {}, cms: {} });
    await live(['dam', 'cms'], 8);
    await tell({ cms: {} });
    await live(['cms'], 3);
    expect(told()).toEqual([]);
    expect(silentSources()).toBe(0);
  });
});

describe('a source with quiet hours of its own', () => {
  it('rings after them, however little is known of it', async () => {
    await tell({ dam: { quietHours: 2 } });
    await send('dam');
    await wait(2);
    expect(told()).toEqual([]);
    await wait(2);
    expect(told()).toMatchObject([{ source: 'dam', silentHours: 3, allowedHours: 2 }]);
  });

  it('never rings when they are 0', async () => {
    await tell({ dam: { quietHours: 0 } });
    await live(['dam'], 8);
    await live([], 4);
    expect(told()).toEqual([]);
    expect(silentSources()).toBe(0);
  });

  it('keeps to them when they change', async () => {
    await tell({ dam: { quietHours: 100 } });
    await live(['dam'], 8);
    await live([], 2);
    expect(told()).toEqual([]);
    await tell({ dam: { quietHours: 50 } });
    await wait(1);
    expect(told()).toMatchObject([{ source: 'dam' }]);
  });
});

describe('a sweep', () => {
  it('that had no time to hear everything calls nobody silent, and goes on the next time', async () => {
    await tell({ dam: {} });
    await live(['dam'], 8);
    pass(36);
    await send('dam');
    pass(120);
    log.length = 0;
    getServices().metrics.publish();
    await sweep(() => true);
    expect(told()).toEqual([]);
    expect(silentSources()).toBeUndefined();
    for (let times = 0; times < 8; times += 1) await sweep(() => true);
    expect(told()).toMatchObject([{ source: 'dam', silentHours: 120, usualHours: 48 }]);
  });

  it('takes a pause of the sweeper for no silence', async () => {
    await tell({ dam: {} });
    await live(['dam'], 8);
    for (let events = 0; events < 6; events += 1) {
      await send('dam');
      pass(stepHours);
    }
    await sweep();
    expect(told()).toEqual([]);
    expect(silentSources()).toBe(0);
  });

  it('that comes late with what it heard undoes nothing', async () => {
    const { rhythms } = getServices();
    await live(['dam'], 1);
    const before = await rhythms.read();
    await live(['dam'], 1);
    const after = await rhythms.read();
    await rhythms.save({ ...before, untilMs: before.untilMs ?? 0 });
    expect(await rhythms.read()).toEqual(after);
  });
});

it('a container tells of the sources once, and again when they have changed or it could not', async () => {
  const { roster } = getServices();
  const parsed = parseSources(
    '{"dam":{"secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],"quietHours":3}}',
  );
  const put = vi.spyOn(DynamoDBDocumentClient.prototype, 'send');
  await roster.tell(parsed);
  await roster.tell(parsed);
  expect(put).toHaveBeenCalledTimes(1);
  expect(await roster.read()).toEqual({ dam: { quietHours: 3 } });
  put.mockRejectedValueOnce(new Error('DynamoDB is away.'));
  const changed = parseSources('{"dam":{"secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}}');
  await roster.tell(changed);
  expect(await roster.read()).toEqual({ dam: { quietHours: 3 } });
  await roster.tell(changed);
  expect(await roster.read()).toEqual({ dam: {} });
});
