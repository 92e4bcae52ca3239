import { CopyObjectCommand, DeleteObjectsCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inboxUrl } from '../../lib/inbox-url.ts';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { cloudEvent, md5, pdf, signed, startConnector, type Connector } from '../connector.ts';
import { desiredOf, drop, jobsOf, takeAway } from '../inbox-drops.ts';

const marketing = '0123456789abcdef0123456789abcdef';
const sales = 'fedcba9876543210fedcba9876543210';
const secrets = [`whsec_${Buffer.from('a secret of these tests').toString('base64')}`];

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    showpadEmulator: {
      divisions: [
        { name: 'Marketing', id: marketing },
        { name: 'Verkauf München', id: sales },
      ],
    },
    sources: {
      demo: { adapter: 'cloudevents', secrets, division: marketing },
      bare: { adapter: 'cloudevents', doors: ['inbox'], secrets: [] },
      twin: { adapter: 'cloudevents', secrets, division: marketing },
    },
  });
});
afterAll(() => connector.stop());

const settled = () => connector.stack.settled(55_000);
const filesOf = (asset: EmulatedAsset | undefined) => asset?.files.length;
const assetOf = (subject: string, source = 'demo') =>
  connector.showpad.assets.find(({ externalId }) => externalId === `${source}:${subject}`);
const statesOf = async (subject: string) =>
  (await jobsOf(connector, subject)).map(({ type, state }) => `${type} ${state}`);

test('a file becomes an asset, a new version of it a new file, and one that goes is archived until it comes again', async () => {
  const key = 'inbox/demo/brochures/Über uns +1.pdf';
  await drop(connector, key, pdf('one'));
  await settled();
  const asset = assetOf(key);
  expect(asset).toMatchObject({
    name: 'Über uns +1.pdf',
    division: { id: marketing },
    checksum: md5(pdf('one')),
    isArchived: false,
  });

  await drop(connector, key, pdf('two'));
  await settled();
  expect(assetOf(key)).toMatchObject({ id: asset?.id, checksum: md5(pdf('two')) });
  expect(filesOf(assetOf(key))).toBe(2);

  await takeAway(connector, key);
  await settled();
  expect(assetOf(key)).toMatchObject({ id: asset?.id, isArchived: true });

  await drop(connector, key, pdf('two'));
  await settled();
  expect(assetOf(key)).toMatchObject({ id: asset?.id, isArchived: false });
  expect(filesOf(assetOf(key))).toBe(2);
  expect(await statesOf(key)).toEqual([
    'asset.upsert done',
    'asset.upsert done',
    'asset.archive done',
    'asset.upsert done',
  ]);
});

test('metadata that waits beside its file is read with it, and wins over what the object says itself', async () => {
  const key = 'inbox/demo/waiting.pdf';
  await drop(connector, `${key}.json`, { metadata: { name: 'Waiting', tags: ['beside'] } });
  await settled();
  expect(await jobsOf(connector, key)).toEqual([]);
  await drop(connector, key, pdf('waiting'), {
    metadata: {
      name: 'of the object',
      description: `=?UTF-8?B?${Buffer.from('größer').toString('base64')}?=`,
      'is-sensitive': 'true',
      mtime: '1700000000',
    },
  });
  await settled();
  expect(assetOf(key)).toMatchObject({ name: 'Waiting', description: 'größer', isSensitive: true });
  expect(assetOf(key)?.tags).toHaveLength(1);
  expect(filesOf(assetOf(key))).toBe(1);
  expect(await statesOf(key)).toEqual(['asset.upsert done']);
});

test('metadata that comes or changes after its file changes nothing else, and takes nothing back when it goes', async () => {
  const key = 'inbox/demo/late.pdf';
  await drop(connector, key, pdf('late'));
  await settled();
  await drop(connector, `${key}.json`, { description: 'first' });
  await settled();
  expect(assetOf(key)).toMatchObject({ name: 'late.pdf', description: 'first' });
  await drop(connector, `${key}.json`, '\uFEFF{"description":"second","languages":["de"]}');
  await settled();
  await takeAway(connector, `${key}.json`);
  await settled();
  expect(assetOf(key)).toMatchObject({ description: 'second', languages: [{ code: 'de' }] });
  expect(filesOf(assetOf(key))).toBe(1);
  const states = await statesOf(key);
  expect(states[0]).toBe('asset.upsert done');
  expect(states.slice(1).map((state) => state.replace('upsert', 'metadata'))).toEqual([
    'asset.metadata done',
    'asset.metadata done',
  ]);
});

test('a Division that only late metadata names makes the asset, and the message of the failure had asked for it', async () => {
  const key = 'inbox/bare/undecided.pdf';
  await drop(connector, key, pdf('undecided'));
  await settled();
  const [failed] = await jobsOf(connector, key);
  expect(failed?.error).toMatchObject({ code: 'DIVISION_UNKNOWN' });
  expect(failed?.error?.message).toContain('.json beside it, with {"division": "…"} in it');
  expect(failed?.error?.message).toContain('x-amz-meta-division');

  await drop(connector, `${key}.json`, { division: { name: 'Marketing' } });
  await settled();
  expect(assetOf(key, 'bare')).toMatchObject({
    division: { id: marketing },
    checksum: md5(pdf('undecided')),
  });
});

test('a Division may be named by the object itself, in letters that are not ASCII too', async () => {
  const key = 'inbox/bare/named.pdf';
  const division = `=?UTF-8?Q?${encodeURIComponent('Verkauf München').replaceAll('%', '=')}?=`;
  await drop(connector, key, pdf('named'), { metadata: { division } });
  await settled();
  expect(assetOf(key, 'bare')).toMatchObject({ division: { id: sales } });
});

test('a file without an extension is of the type that S3 says, and JSON alone is content', async () => {
  const { s3 } = connector.stack.clients;
  const Bucket = connector.stack.buckets['inbox'];
  const key = 'inbox/demo/typed';
  await drop(connector, key, pdf('typed'), { contentType: 'application/pdf' });
  await drop(connector, 'inbox/demo/data.json', '{"any":"thing"}');
  await settled();
  expect(await s3.send(new HeadObjectCommand({ Bucket, Key: key }))).toMatchObject({
    ContentType: 'application/pdf',
  });
  const desired = await desiredOf(connector, 'demo', key);
  expect(desired).toMatchObject({ content: { value: { file: { mediaType: 'application/pdf' } } } });
  const data = await desiredOf(connector, 'demo', 'inbox/demo/data.json');
  const url = inboxUrl(Bucket ?? '', 'inbox/demo/data.json');
  expect((data['content'] as { value: unknown }).value).toEqual({ file: { url, name: 'data.json' } });
});

test('a burst of files with and without metadata, copies among them, becomes one upload each, and goes as one', async () => {
  const { s3 } = connector.stack.clients;
  const Bucket = connector.stack.buckets['inbox'];
  const keys = Array.from({ length: 30 }, (_, index) => `inbox/demo/sync/${index}.pdf`);
  await Promise.all(
    keys.flatMap((key, index) => [
      ...(index % 3 === 0 ? [drop(connector, `${key}.json`, { description: `no. ${index}` })] : []),
      drop(connector, key, pdf(key)),
    ]),
  );
  const copy = 'inbox/demo/sync/copy.pdf';
  await s3.send(new CopyObjectCommand({ Bucket, Key: copy, CopySource: `${Bucket}/${keys[1] ?? ''}` }));
  await settled();
  for (const [index, key] of keys.entries()) {
    const description = index % 3 === 0 ? `no. ${index}` : null;
    expect(assetOf(key)).toMatchObject({ checksum: md5(pdf(key)), description });
    expect(filesOf(assetOf(key))).toBe(1);
  }
  expect(assetOf(copy)).toMatchObject({ checksum: md5(pdf(keys[1] ?? '')) });

  const Delete = { Objects: keys.map((Key) => ({ Key })) };
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
  await settled();
  expect(keys.filter((key) => assetOf(key)?.isArchived !== true)).toEqual([]);
});

test('a notification that comes twice, at once or late, is one job and one upload', async () => {
  const key = 'inbox/demo/twice.pdf';
  await connector.stack.pause('receive-file');
  await drop(connector, key, pdf('twice'));
  const eventTime = new Date().toISOString();
  const object = { key, size: 1, eTag: 'x', sequencer: '0055AED6DCD90281E5' };
  const bucket = { name: connector.stack.buckets['inbox'] ?? '' };
  const notified = { Records: [{ eventName: 'ObjectCreated:Put', eventTime, s3: { bucket, object } }] };
  const tell = () => {
    const attributes = { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) };
    const record = { messageId: '1', receiptHandle: '1', body: JSON.stringify(notified), attributes };
    const from = { eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:x:0:other', awsRegion: 'x' };
    return connector.stack.invoke('receive-file', { Records: [{ ...record, ...from }] });
  };
  const told = await Promise.all([tell(), tell(), tell()]);
  expect(told.map(({ ok }) => ok)).toEqual([true, true, true]);
  await tell();
  expect(await jobsOf(connector, key)).toHaveLength(1);
  // What S3 itself has said is another event.
  await connector.stack.resume('receive-file');
  await settled();
  await tell();
  expect(await jobsOf(connector, key)).toHaveLength(2);
  expect(filesOf(assetOf(key))).toBe(1);
});

test('a file that has come and gone before anybody looked leaves nothing behind', async () => {
  const key = 'inbox/demo/brief.pdf';
  await connector.stack.pause('receive-file');
  await drop(connector, key, pdf('brief'));
  await takeAway(connector, key);
  await drop(connector, 'inbox/demo/a folder/', '');
  await connector.stack.resume('receive-file');
  await settled();
  expect(await jobsOf(connector, key)).toEqual([]);
  expect(assetOf(key)).toBeUndefined();
  expect(await connector.stack.deadLetters()).toEqual([]);
});

test('what is wanted of a file is what a signed webhook would have asked for', async () => {
  const key = 'inbox/demo/golden ü.pdf';
  const metadata = {
    name: 'Golden.pdf',
    tags: ['one', { name: 'two', category: 'sort' }],
    permissions: { isShareable: true },
    expiresAt: '2030-01-01T00:00:00Z',
  };
  await drop(connector, `${key}.json`, { metadata });
  await settled();
  await drop(connector, key, pdf('golden'), { contentType: 'application/pdf' });
  await settled();
  const dropped = await desiredOf(connector, 'demo', key);
  const { order = '' } = dropped['content'] as { order?: string };
  const url = inboxUrl(connector.stack.buckets['inbox'] ?? '', key);
  const file = { url, name: 'golden ü.pdf', mediaType: 'application/pdf' };
  const event = { type: 'asset.upsert', subject: key, time: order.slice(1), data: { file, metadata } };
  const body = JSON.stringify(cloudEvent(event));
  const { status } = await connector.post('/events/twin', body, signed(secrets[0] ?? '', body));
  expect(status).toBe(202);
  expect(await desiredOf(connector, 'twin', key)).toEqual(dropped);
  await settled();
  // A source reaches what was dropped for it, and nothing else.
  const [foreign] = await jobsOf(connector, key, 'twin');
  expect(foreign?.error?.code).toBe('SOURCE_FORBIDDEN');
});
