import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { resetServices } from '../../lib/services.ts';
import { cloudEvent, pdf, type Connector, type JobView } from '../connector.ts';
import { sendEvents } from '../doors.ts';
import { putEvents } from '../event-bridge-caller.ts';
import { publishedAsset } from '../fixtures/vendors/contentful.ts';
import { recordLines, type Recording } from '../recorded-lines.ts';
import { hardshipsOf, startFragileConnector, type Hardships } from './hardships.ts';

const division = '0123456789abcdef0123456789abcdef';
const secrets = [`whsec_${Buffer.from('a secret of this door').toString('base64')}`];
const vendor = { adapter: 'contentful', secrets: ['ab'.repeat(32)], division };
const sources = {
  dam: { adapter: 'cloudevents', secrets, division, knownAs: ['com.acme.dam'] },
  web: { adapter: 'cloudevents', secrets, division, doors: ['https'] },
  cms: vendor,
};
let connector: Connector;
let hardships: Hardships;
let stop: () => Promise<void>;
let recording: Recording;
beforeAll(async () => {
  recording = recordLines();
  ({ connector, stop } = await startFragileConnector({
    sources,
    showpadEmulator: { divisions: [{ name: 'Marketing', id: division }] },
    environment: { POWERTOOLS_LOG_LEVEL: 'ERROR' },
  }));
  hardships = hardshipsOf(connector);
});
afterAll(async () => {
  await stop();
  recording.stop();
});
afterEach(async () => {
  await hardships.lose('eventsDeadLetter');
});

type Attributes = Readonly<Record<string, string>>;
const send = (body: unknown, attributes: Attributes = {}) => sendEvents(connector, body, attributes);
const jobsOf = async (source: string) =>
  (await connector.get<{ items: JobView[] }>(`/jobs?source=${source}&limit=100`)).body.items;
/** The jobs that a message brings. */
async function broughtBy(source: string, body: unknown, attributes: Attributes = {}): Promise<JobView[]> {
  const before = (await jobsOf(source)).map(({ id }) => id);
  await send(body, attributes);
  await connector.stack.settled(55_000);
  return (await jobsOf(source)).filter(({ id }) => !before.includes(id));
}
const upsert = (subject: string, changes: object = {}) =>
  cloudEvent({
    source: 'com.acme.dam',
    type: 'asset.upsert',
    subject,
    data: { file: { url: connector.serve('queue.pdf', pdf('queue')), name: 'Queue.pdf' } },
    ...changes,
  });
const assetsOf = (externalId: string) =>
  connector.showpad.assets.filter((one) => one.externalId === externalId);
const letters = async () => (await connector.stack.deadLetters()).map(({ body }) => body);

/** Changes the sources, and what the function knows of them, as after the minutes for which it keeps them. */
async function setUp(changed: object): Promise<void> {
  const SecretId = 'showpad-connector/sources';
  const SecretString = JSON.stringify(changed);
  await connector.stack.clients.secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
  await resetServices();
}

test('a message that comes twice, at once and later, is one job and one asset', async () => {
  const event = upsert('twice');
  await Promise.all([send(event), send(event)]);
  await connector.stack.settled(55_000);
  expect(await broughtBy('dam', event)).toEqual([]);
  const jobs = (await jobsOf('dam')).filter(({ subject }) => subject === 'twice');
  expect(jobs).toMatchObject([{ state: 'done', error: null }]);
  expect(assetsOf('dam:twice')).toHaveLength(1);
});

test('a message of an unknown source is a dead letter that is named, and comes in once its source is set up', async () => {
  const event = upsert('early', { source: 'com.acme.late' });
  await send(event);
  await hardships.exhaust();
  expect(await letters()).toEqual([JSON.stringify(event)]);
  expect(recording.lines.filter(({ message }) => message === 'message failed')).toMatchObject([
    {
      receives: '1',
      error: { name: 'UnattributedMessage', message: expect.stringContaining('“com.acme.late”') },
    },
    { receives: '2' },
  ]);
  await hardships.sweep();
  expect(await letters()).toHaveLength(1);

  await setUp({ ...sources, late: { ...sources.dam, knownAs: ['com.acme.late'] } });
  await hardships.redrive('events');
  await hardships.exhaust();
  expect(await letters()).toEqual([]);
  expect(await jobsOf('late')).toMatchObject([{ subject: 'early', state: 'done' }]);
  expect(assetsOf('late:early')).toHaveLength(1);
});

test.each<[string, unknown, Attributes]>([
  ['that does not say whose it is', 'not JSON', {}],
  ['of events of several sources', [upsertless('dam'), upsertless('web')], {}],
  ['whose source does not take messages', upsertless('web'), {}],
  ['that a person would have to look at', { Records: [] }, { source: 'nobody' }],
])('a message %s is kept as a dead letter', async (_what, body, attributes) => {
  await send(body, attributes);
  await hardships.exhaust();
  expect(await letters()).toEqual([typeof body === 'string' ? body : JSON.stringify(body)]);
  expect(await jobsOf('web')).toEqual([]);
});

function upsertless(source: string): object {
  return { specversion: '1.0', id: 'x', source, type: 'asset.archive', subject: 'x' };
}

test.each<[string, unknown, RegExp]>([
  ['is no JSON', 'not JSON', /cannot be read: \(body\) is not JSON/],
  [
    'has wrong fields, each of which is named',
    { ...upsertless('dam'), type: 'asset.upsert', time: 'noon', data: { file: { url: 'x' } } },
    /time must be an RFC 3339 instant.*; data\.file\.url must be an absolute URL; data\.file\.name is missing/,
  ],
  [
    'has a wrong event among right ones',
    [upsertless('dam'), { ...upsertless('dam'), id: '' }],
    /cannot be read: \[1\]\.id /,
  ],
  ['is an empty batch', [], /must hold at least one event/],
  ['has too many events', Array.from({ length: 101 }, () => upsertless('dam')), /at most 100 events/],
  [
    'has one id for two subjects',
    [upsertless('dam'), { ...upsertless('dam'), subject: 'y' }],
    /cannot be read: id is used for two subjects/,
  ],
  [
    'is of EventBridge and about several things',
    {
      id: 'bridge',
      'detail-type': 'asset.metadata',
      source: 'com.acme.dam',
      resources: ['a', 'b'],
      detail: { metadata: { name: '' } },
    },
    /subject is missing: give detail\.subject, or exactly one entry in resources \(it has 2 entries\); data\.metadata\.name /,
  ],
])(
  'a message of a known source that %s is a failed job with the payload kept',
  async (_what, body, message) => {
    const jobs = await broughtBy('dam', body, { source: 'dam' });
    expect(jobs).toMatchObject([
      {
        type: 'unreadable',
        state: 'failed',
        error: { code: 'PAYLOAD_UNREADABLE', message: expect.stringMatching(message), retryable: true },
      },
    ]);
    expect(await broughtBy('dam', body, { source: 'dam' })).toEqual([]);
    expect(await connector.post(`/jobs/${jobs[0]?.id}/retry`, '', {})).toMatchObject({ status: 202 });
    await connector.stack.settled();
    expect(await connector.job(jobs[0]?.id ?? '')).toMatchObject({ error: { code: 'PAYLOAD_UNREADABLE' } });
    expect(await letters()).toEqual([]);
  },
);

test("a vendor's message is read with its attributes as headers, and so it is when it is read again", async () => {
  const { 'en-US': file } = publishedAsset.fields.file;
  const { fileName, ...nameless } = { ...file, url: connector.serve('nyan.png', pdf('nyan')) };
  const payload = (content: object, id: string) => ({
    ...publishedAsset,
    sys: { ...publishedAsset.sys, id },
    fields: {
      ...publishedAsset.fields,
      file: { 'en-US': { ...content, contentType: 'application/pdf', details: {} } },
    },
  });
  const attributes = { source: 'cms', 'x-contentful-topic': 'ContentManagement.Asset.publish' };
  const whole = payload({ ...nameless, fileName: `${fileName}.pdf` }, 'whole');
  expect(await broughtBy('cms', whole, attributes)).toMatchObject([
    { type: 'asset.upsert', subject: 'whole', state: 'done', error: null },
  ]);
  const [parked] = await broughtBy('cms', payload(nameless, 'nameless'), attributes);
  expect(parked).toMatchObject({
    subject: 'nameless',
    error: { code: 'PAYLOAD_UNREADABLE', message: expect.stringContaining('data.file.name is missing') },
  });

  await setUp({ ...sources, cms: { ...vendor, mapping: { file: { name: { value: 'nyan.pdf' } } } } });
  expect(await connector.post(`/jobs/${parked?.id}/retry`, '', {})).toMatchObject({ status: 202 });
  await connector.stack.settled(55_000);
  expect(await connector.job(parked?.id ?? '')).toMatchObject({ state: 'done', error: null });
  expect(assetsOf('cms:nameless')).toMatchObject([{ name: expect.any(String) }]);
});

test('an event of EventBridge of a type that means nothing here is an ignored job', async () => {
  const before = (await jobsOf('dam')).map(({ id }) => id);
  const entry = { EventBusName: 'showpad-connector', Source: 'com.acme.dam', DetailType: 'Order Placed' };
  await putEvents(connector.stack.aws.events, [{ ...entry, Detail: '{"id":7}' }]);
  await connector.stack.settled();
  const jobs = (await jobsOf('dam')).filter(({ id }) => !before.includes(id));
  expect(jobs).toMatchObject([{ type: 'Order Placed', subject: 'Order Placed', state: 'ignored' }]);
});

test('an event that is too long for the queue is a dead letter, with the reason beside it', async () => {
  const Detail = JSON.stringify({ metadata: { description: 'x'.repeat(270_000) } });
  const entry = { EventBusName: 'showpad-connector', Source: 'com.acme.dam', DetailType: 'asset.metadata' };
  await putEvents(connector.stack.aws.events, [{ ...entry, Resources: ['long'], Detail }]);
  expect((await letters()).map((body) => body.length > 270_000)).toEqual([true]);
});
