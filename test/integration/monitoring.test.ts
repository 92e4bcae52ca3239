import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { definitionOf, metricDefinitions, type MetricName } from '../../lib/metric-definitions.ts';
import { queueNames } from '../../lib/queues.ts';
import { reasons } from '../../lib/reasons.ts';
import { operationGroups } from '../../lib/showpad-operations.ts';
import { parseTemplate } from '../../local/intrinsics.ts';
import type { FaultAction } from '../../local/showpad/faults.ts';
import { cloudEvent, pdf, signed, startConnector, type Connector } from '../connector.ts';
import { metricLines, metricsOf, type PublishedMetric } from '../metric-lines.ts';
import { expandSam } from '../sam-expansion.ts';
import { samTemplateSchema } from '../sam-template.ts';
import { watchedMetrics } from '../template-rules/watched-metrics.ts';

const secrets = [`whsec_${Buffer.from('a secret of these tests').toString('base64')}`];
const division = '0123456789abcdef0123456789abcdef';
const day = 86_400_000;
const log: string[] = [];
let connector: Connector;
let published: PublishedMetric[] = [];

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => log.push(String(chunk)) > 0);
  connector = await startConnector({
    parameters: { TicketPollSeconds: '1', SourceDeadlineSeconds: '0' },
    sources: { demo: { adapter: 'cloudevents', secrets, division, onDelete: 'delete' } },
    environment: { POWERTOOLS_LOG_LEVEL: 'WARN', POWERTOOLS_METRICS_DISABLED: 'false' },
    showpadEmulator: {
      divisions: [{ name: 'Marketing', id: division, isAssetSharingEnabled: true }],
      switches: { v3Budget: { limit: 1_000, windowSeconds: 3_600, retryAfterSeconds: null } },
    },
    onLog: () => undefined,
  });
  await tellStories();
  published = metricLines(log).flatMap(metricsOf);
}, 120_000);
afterAll(async () => {
  vi.restoreAllMocks();
  await connector.stop();
});

let minute = 0;
/** Finishes an event that is newer than those before. */
const finish = (type: string, subject: string, data: object = {}, more: object = {}) =>
  connector.finish({
    type,
    subject,
    data,
    time: new Date(Date.UTC(2026, 0, 1, 0, (minute += 1))).toISOString(),
    ...more,
  });
const fileOf = (name: string, text = name) => ({ url: connector.serve(name, pdf(text)), name });
const strike = (method: string, path: string | RegExp, action: FaultAction) =>
  connector.showpad.faults.add({ match: { method, path }, action });

async function deliver(event: Record<string, unknown>, secret = secrets[0] ?? ''): Promise<number> {
  const body = JSON.stringify(event);
  return (await connector.post('/events/demo', body, signed(secret, body))).status;
}

/** What happens in the life of a connector, as far as metrics tell of it. */
async function tellStories(): Promise<void> {
  const made = cloudEvent({ type: 'asset.upsert', subject: 'a', data: { file: fileOf('a.pdf') } });
  expect(await connector.finish(made)).toMatchObject({ state: 'done' });
  expect(await deliver(made)).toBe(200);
  expect(await deliver(cloudEvent({ type: 'dam.ping', subject: 'a', data: {} }))).toBe(202);
  expect(await deliver(made, `whsec_${Buffer.from('a secret of somebody').toString('base64')}`)).toBe(401);
  const older = { time: '2020-01-01T00:00:00Z' };
  expect(await finish('asset.upsert', 'a', { file: fileOf('old.pdf') }, older)).toMatchObject({
    state: 'superseded',
  });

  const missing = await finish('asset.upsert', 'missing', {
    file: {
      url: connector.serve('gone.pdf', (_, response) => response.writeHead(404).end()),
      name: 'gone.pdf',
    },
  });
  expect(missing).toMatchObject({ state: 'failed', error: { code: 'SOURCE_NOT_FOUND' } });
  expect((await connector.post(`/jobs/${missing.id}/retry`, '', {})).status).toBe(202);
  await connector.stack.settled();

  strike('POST', '/v4/assets', { kind: 'status', status: 429, retryAfter: 1 });
  strike('GET', /\/files\/\w+$/, { kind: 'status', status: 503 });
  expect(await finish('asset.upsert', 'throttled', { file: fileOf('throttled.pdf') })).toMatchObject({
    state: 'done',
  });
  strike('POST', '/v4/assets', { kind: 'commitThenDrop' });
  expect(await finish('asset.upsert', 'lost', { file: fileOf('lost.pdf') })).toMatchObject({ state: 'done' });

  await finish('asset.metadata', 'lost', { metadata: { description: 'new' } });
  await finish('tag.upsert', 'tag', { name: 'New', division });
  await finish('asset.delete', 'lost');
  const { showpad } = connector;
  const [asset] = connector.assetsOf('throttled');
  const headers = { authorization: `Bearer ${showpad.token}` };
  await request(`${showpad.v4Url}/assets/${asset?.id}`, { method: 'DELETE', headers });
  await finish('asset.upsert', 'throttled', { file: fileOf('again.pdf') });

  const [person] = showpad.users.filter(({ isActive }) => isActive);
  const recipients = [person?.email, 'nobody@example.com'];
  expect(await finish('myfiles.upload', 'pushed', { recipients, file: fileOf('pushed.pdf') })).toMatchObject({
    state: 'failed',
    error: { code: 'RECIPIENTS_FAILED' },
  });
  await sweepWithSilentSource();
}

/** As if the source had sent something every hour for weeks, and nothing since the day before yesterday. */
async function sweepWithSilentSource(): Promise<void> {
  const { clients, tableName, invoke } = connector.stack;
  const lastAtMs = Date.now() - 2 * day;
  const week = String(Math.floor(lastAtMs / (7 * day)));
  const rhythm = { firstAtMs: lastAtMs - 20 * day, lastAtMs, longestGapsMs: { [week]: 3_600_000 } };
  const Item = { pk: 'SWEEP', sk: 'SOURCES', untilMs: Date.now(), sources: { demo: { rhythm } } };
  await DynamoDBDocumentClient.from(clients.dynamodb).send(new PutCommand({ TableName: tableName, Item }));
  expect(await invoke('sweep', {})).toMatchObject({ ok: true });
}

const sumOf = (name: MetricName, part: Readonly<Record<string, string>> = {}): number =>
  published
    .filter(
      ({ name: other, dimensions: { service: _service, ...own } }) =>
        other === name && JSON.stringify(own) === JSON.stringify(part),
    )
    .flatMap(({ values }) => values)
    .reduce((sum, value) => sum + value, 0);

/** What the stories above do not tell of: the tests of tokens, of the sweeper and of dead letters do. */
const untold = [
  'JobsRevived',
  'TokenRefused',
  'SweptDeadLetterMarked',
  'SweptDeadLetterRemoved',
  'SweptDeadLetterForeign',
  'SweptMessageSentAgain',
  'SweptNotAccepted',
  'SweptNoProgress',
  'SweptLeaseEnded',
  'SweptUploadAborted',
  'SweptStagedDeleted',
] as const satisfies readonly MetricName[];

describe('what the functions publish', () => {
  test('is what the definitions say: name, unit, and one of few parts', () => {
    const parts = { operation: operationGroups, reason: Object.keys(reasons), step: queueNames };
    const isDefined = ({
      name,
      unit,
      namespace,
      dimensions: { service, ...own },
    }: PublishedMetric): boolean => {
      if (!Object.hasOwn(metricDefinitions, name)) return false;
      const { by, andWhole = false, ...definition } = definitionOf(name as MetricName);
      const [[split, part] = [], ...others] = Object.entries(own);
      const isPart =
        by !== undefined && split === by && (parts[by] as readonly string[]).includes(part ?? '');
      const isWhole = split === undefined && (by === undefined || andWhole);
      const isOurs = namespace === 'showpad-connector-dev' && service === 'showpad-connector';
      return isOurs && unit === definition.unit && others.length === 0 && (isPart || isWhole);
    };
    expect(published.length).toBeGreaterThan(100);
    expect(published.filter((metric) => !isDefined(metric))).toEqual([]);
  });

  test('is everything that the definitions promise', () => {
    const told = new Set(published.map(({ name }) => name));
    expect(
      Object.keys(metricDefinitions)
        .filter((name) => !told.has(name))
        .toSorted(),
    ).toEqual(untold.toSorted());
  });

  test('is everything that alarms and the dashboard look at, by just these dimensions', () => {
    const template = readFileSync(join(import.meta.dirname, '../../template.yaml'), 'utf8');
    const namespace = 'showpad-connector-${EnvironmentName}';
    const watched = watchedMetrics(expandSam(samTemplateSchema.parse(parseTemplate(template)))).filter(
      (metric) => metric.namespace === namespace && !(untold as readonly string[]).includes(metric.name),
    );
    const isPublished = ({ name, dimensions }: (typeof watched)[number]): boolean =>
      published.some(
        (metric) =>
          metric.name === name &&
          Object.keys(metric.dimensions).toSorted().join() === Object.keys(dimensions).toSorted().join() &&
          Object.entries(dimensions).every(
            ([key, value]) => value === null || metric.dimensions[key] === value,
          ),
      );
    expect(watched.length).toBeGreaterThan(40);
    expect(watched.filter((metric) => !isPublished(metric))).toEqual([]);
  });

  test('tells what happened', () => {
    const { requests } = connector.showpad;
    const calls = (api: RegExp): number => requests.filter(({ path }) => api.test(path)).length;
    expect({
      accepted: sumOf('EventsAccepted'),
      redelivered: sumOf('EventsRedelivered'),
      ignored: sumOf('EventsIgnored'),
      refused: sumOf('DeliveriesRefused'),
      superseded: sumOf('JobsSuperseded'),
      failed: sumOf('JobsFailed'),
      notFound: sumOf('JobsFailed', { reason: 'SOURCE_NOT_FOUND' }),
      recipients: sumOf('JobsFailed', { reason: 'RECIPIENTS_FAILED' }),
      unknown: sumOf('RecipientsFailed', { reason: 'RECIPIENT_UNKNOWN' }),
      retried: sumOf('JobsRetried'),
      throttles: sumOf('ShowpadThrottles'),
      unavailable: sumOf('ShowpadErrors', { operation: 'read' }),
      lost: sumOf('ShowpadErrors', { operation: 'write' }),
      adopted: sumOf('AssetsAdopted'),
      personal: sumOf('PersonalFilesUsable'),
      silent: sumOf('SilentSources'),
    }).toEqual({
      accepted: 10,
      redelivered: 1,
      ignored: 1,
      refused: 1,
      superseded: 1,
      failed: 3,
      notFound: 2,
      recipients: 1,
      unknown: 1,
      retried: 1,
      throttles: 1,
      unavailable: 1,
      lost: 1,
      adopted: 1,
      personal: 1,
      silent: 1,
    });
    // After the 429, and after the answer that was lost.
    expect(sumOf('StepsPutOff', { step: 'upload' })).toBeGreaterThanOrEqual(2);
    // The asset that was deleted behind the connector's back is one of the emulator's requests.
    expect(sumOf('ShowpadCallsV4')).toBe(calls(/^\/v4\//) - 1);
    expect(sumOf('ShowpadCallsV3')).toBe(calls(/^\/api\/v3\//));
  });

  test('names the source that is silent in the log, and in no metric', () => {
    const lines = log.filter((line) => line.includes('"source is silent"'));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { source: 'demo', usualHours: 1 },
    ]);
    expect(JSON.stringify(published)).not.toContain('demo');
  });

  test('tells how long it took from an event with a file to the end of its job, and of no others', () => {
    const ages = published.filter(({ name }) => name === 'SecondsToUsable').flatMap(({ values }) => values);
    expect(ages).toHaveLength(4);
    expect(ages.every((seconds) => seconds > 0 && seconds < 120)).toBe(true);
  });
});
