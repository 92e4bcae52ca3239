import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { md5, pdf, type JobView } from '../connector.ts';
import { processingCompleted } from '../fixtures/vendors/aem.ts';
import { media, notification } from '../fixtures/vendors/bynder.ts';
import { upload } from '../fixtures/vendors/cloudinary.ts';
import { deletedAsset, publishedAsset } from '../fixtures/vendors/contentful.ts';
import { secret, startVendorConnector, token, type VendorConnector } from '../vendor-connector.ts';
import { fromAdobe, fromCloudinary, fromContentful, fromHmac } from '../vendor-deliveries.ts';
import { send } from '../vendor-server.ts';

let rig: VendorConnector;
let origin = '';
beforeAll(async () => {
  rig = await startVendorConnector();
  origin = rig.vendor.origin;
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.vendor.asked.length = 0;
});

describe('Contentful', () => {
  const bytes = pdf('contentful');
  const published = (updatedAt: string, more: object = {}) => ({
    ...publishedAsset,
    sys: { ...publishedAsset.sys, updatedAt },
    fields: {
      title: { 'en-US': 'Nyan Cat' },
      file: {
        'en-US': {
          fileName: 'cat.pdf',
          contentType: 'application/pdf',
          details: { size: bytes.length },
          url: `${origin}/cat.pdf`,
        },
      },
    },
    ...more,
  });
  const post = (action: string, payload: unknown) =>
    rig.deliver(fromContentful('/events/contentful', secret, action, payload));

  test('an asset that is published is in Showpad, and archived when it is published no more', async () => {
    rig.vendor.answers.set('/cat.pdf', send(bytes));
    expect(await post('publish', published('2026-01-01T00:00:00.000Z'))).toMatchObject([
      { state: 'done', error: null },
    ]);
    const [asset, ...others] = rig.assetsOf('contentful:nyancat');
    expect(others).toEqual([]);
    expect(asset).toMatchObject({ name: 'Nyan Cat.pdf', checksum: md5(bytes), isArchived: false });
    expect(rig.tagsOf('contentful:nyancat')).toEqual(['nyCampaign']);
    const tombstone = { sys: { ...deletedAsset.sys, id: 'nyancat', deletedAt: '2026-01-02T00:00:00.000Z' } };
    expect(await post('unpublish', tombstone)).toMatchObject([{ type: 'asset.archive', state: 'done' }]);
    expect(rig.assetsOf('contentful:nyancat')).toMatchObject([{ isArchived: true }]);
  });

  test('the same version told under several ids is uploaded once', async () => {
    const before = rig.uploads();
    const twice = (updatedAt: string) => published(updatedAt, { metadata: {} });
    const jobs = await Promise.all(
      ['2026-02-01T00:00:00.000Z', '2026-02-01T00:00:01.000Z', '2026-02-01T00:00:02.000Z'].map((time) => {
        const payload = twice(time);
        return post('publish', { ...payload, sys: { ...payload.sys, id: 'twice' } });
      }),
    );
    expect(new Set(jobs.flat().map(({ id }) => id)).size).toBe(3);
    for (const { state } of jobs.flat()) expect(['done', 'superseded']).toContain(state);
    expect(rig.assetsOf('contentful:twice')).toMatchObject([{ checksum: md5(bytes) }]);
    expect(rig.uploads()).toBe(before + 1);
  });

  test('a payload that cannot be read is taken, seen, kept, and read when its mapping is right', async () => {
    const payload = published('2026-03-01T00:00:00.000Z', {
      fields: { asset: { link: `${origin}/cat.pdf`, name: 'cat.pdf' } },
    });
    const strange = { ...payload, sys: { ...payload.sys, id: 'strange' } };
    const delivery = fromContentful('/events/contentful', secret, 'publish', strange);
    const [parked] = await rig.deliver(delivery);
    const error = { code: 'PAYLOAD_UNREADABLE', retryable: true };
    expect(parked).toMatchObject({ type: 'unreadable', subject: 'strange', state: 'failed', error });
    expect(parked?.error?.message).toMatch(/data\.file\.url is missing \(from nothing at fields\.file/);
    const again = await rig.connector.post(delivery.path, delivery.body, delivery.headers);
    expect(again).toMatchObject({ status: 200, body: { jobs: [{ id: parked?.id }] } });
    const failed = await rig.connector.get<{ items: JobView[] }>('/jobs?state=failed&source=contentful');
    expect(failed.body.items).toMatchObject([{ id: parked?.id, error }]);

    const retry = () => rig.connector.post(`/jobs/${parked?.id}/retry`, '', {});
    expect(await retry()).toMatchObject({ status: 202, body: { state: 'failed', error } });
    const mapping = { file: { url: 'fields.asset.link', name: 'fields.asset.name' } };
    await replaceSources({ ...rig.sources, contentful: { ...rig.sources['contentful'], mapping } });
    expect(await retry()).toMatchObject({ status: 202, body: { state: 'done', error: null } });
    await rig.connector.stack.settled(55_000);
    expect(rig.assetsOf('contentful:strange')).toMatchObject([{ name: 'cat.pdf', checksum: md5(bytes) }]);
    expect(await retry()).toMatchObject({ status: 409 });
    await replaceSources(rig.sources);
  });

  async function replaceSources(value: unknown): Promise<void> {
    const { secretsManager } = rig.connector.stack.clients;
    const { PutSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
    const SecretId = 'showpad-connector/sources';
    await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
  }
});

test('Cloudinary: an upload is in Showpad, and its bytes are those that were announced', async () => {
  const bytes = pdf('cloudinary');
  rig.vendor.answers.set('/sheet.pdf', send(bytes));
  const body = {
    ...upload,
    public_id: 'docs/sheet',
    format: 'pdf',
    bytes: bytes.length,
    etag: md5(bytes),
    secure_url: `${origin}/sheet.pdf`,
    original_filename: 'sheet',
  };
  const delivery = fromCloudinary('/events/cloudinary', secret, body);
  expect(await rig.deliver(delivery)).toMatchObject([{ state: 'done', error: null }]);
  expect(rig.assetsOf('cloudinary:image/upload/docs/sheet')).toMatchObject([
    { name: 'sheet.pdf', checksum: md5(bytes) },
  ]);
  const tags = {
    notification_type: 'resource_tags_changed',
    timestamp: '2020-12-16T12:10:00+00:00',
    resources: [
      {
        public_id: 'docs/sheet',
        resource_type: 'image',
        type: 'upload',
        added: ['blue'],
        removed: ['jeans'],
      },
    ],
  };
  expect(await rig.deliver(fromCloudinary('/events/cloudinary', secret, tags))).toMatchObject([
    { state: 'done' },
  ]);
  expect(rig.tagsOf('cloudinary:image/upload/docs/sheet')).toEqual(['blue']);
  const wrong = { ...body, public_id: 'docs/other', etag: md5('other bytes') };
  const error = { code: 'CHECKSUM_MISMATCH' };
  expect(await rig.deliver(fromCloudinary('/events/cloudinary', secret, wrong))).toMatchObject([
    { state: 'failed', error },
  ]);
});

test('any system: what it sends is understood as its settings say', async () => {
  const bytes = pdf('pim');
  rig.vendor.answers.set('/pim/7.pdf', send(bytes));
  const body = {
    id: randomUUID(),
    what: 'new',
    when: '2026-01-01T00:00:00Z',
    sku: 'SKU-7',
    sheet: { link: `${origin}/pim/7.pdf`, file: '7.pdf' },
    labels: { de: 'Datenblatt 7' },
    keywords: 'flow, sheet,flow',
    region: 'DACH',
  };
  expect(await rig.deliver(fromHmac('/events/pim', secret, body))).toMatchObject([
    { state: 'done', error: null },
  ]);
  const [asset] = rig.assetsOf('pim:SKU-7');
  expect(asset).toMatchObject({ name: 'Datenblatt 7.pdf', isSensitive: true, checksum: md5(bytes) });
  expect(asset?.countries.map(({ code }) => code)).toEqual(['DE', 'AT', 'CH']);
  expect(rig.tagsOf('pim:SKU-7')).toEqual(['flow', 'sheet']);
});

test('Adobe is told that the address is ours, and nobody else is told anything', async () => {
  const { connector } = rig;
  expect(await connector.get('/events/aem?challenge=8ec8d794-e0ab-42df-9017')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { challenge: '8ec8d794-e0ab-42df-9017' },
  });
  for (const path of ['aem', 'aem?challenge=%3Cscript%3E', 'contentful?challenge=a', 'nobody?challenge=a']) {
    expect(await connector.get(`/events/${path}`)).toMatchObject({ status: 404 });
  }
});

describe('files that have to be asked for', () => {
  const bytes = pdf('fetched back');
  const told = (id: string, what: string, more: object = {}) =>
    notification(`asset_bank.media.${what}`, { media_id: id }, { MessageId: randomUUID(), ...more });

  test('Bynder: file, name and metadata come from the portal, with its credential, which goes nowhere else', async () => {
    rig.vendor.playPortal('m-1', bytes);
    expect(await rig.hand('bynder', told('m-1', 'create'))).toMatchObject([{ state: 'done', error: null }]);
    const [asset] = rig.assetsOf('bynder:m-1');
    expect(asset).toMatchObject({
      name: 'Flow 200 brochure.pdf',
      description: media.description,
      checksum: md5(bytes),
    });
    expect(rig.tagsOf('bynder:m-1')).toEqual(['brochure', 'flow']);
    for (const { path, authorization } of rig.vendor.asked) {
      expect([path, authorization]).toEqual([path, path.startsWith('/api/') ? `Bearer ${token}` : undefined]);
    }
  });

  test('a link that has expired is asked for once more', async () => {
    const links = rig.vendor.playPortal('m-2', bytes, {}, (link) => link > 1);
    expect(await rig.hand('bynder', told('m-2', 'create'))).toMatchObject([{ state: 'done', error: null }]);
    expect(links()).toBe(2);
    expect(rig.assetsOf('bynder:m-2')).toMatchObject([{ checksum: md5(bytes) }]);
  });

  test('links that keep expiring fail the job, and are not asked for without end', async () => {
    const links = rig.vendor.playPortal('m-3', bytes, {}, () => false);
    const error = { code: 'SOURCE_URL_EXPIRED' };
    expect(await rig.hand('bynder', told('m-3', 'create'))).toMatchObject([{ state: 'failed', error }]);
    expect(links()).toBe(2);
  });

  test('several notifications of one change cause one upload', async () => {
    rig.vendor.playPortal('m-4', bytes);
    const before = rig.uploads();
    const later = (second: number) => ({ Timestamp: `2026-05-02T00:54:0${second}.000Z` });
    const jobs = await rig.hand(
      'bynder',
      told('m-4', 'create', later(1)),
      told('m-4', 'updated', later(2)),
      told('m-4', 'meta_updated', later(3)),
    );
    for (const { state } of jobs) expect(['done', 'superseded']).toContain(state);
    expect(rig.uploads()).toBe(before + 1);
    expect(rig.assetsOf('bynder:m-4')).toHaveLength(1);
  });

  test('a vendor that needs time is asked when it has had it', async () => {
    rig.vendor.playPortal('m-5', bytes);
    const Timestamp = new Date().toISOString();
    expect(await rig.hand('bynder-late', told('m-5', 'create', { Timestamp }))).toMatchObject([
      { state: 'done' },
    ]);
    const [first] = rig.vendor.asked.filter(({ path }) => path.startsWith('/api/v4/media/m-5/'));
    expect(first?.at).toBeGreaterThanOrEqual(Date.parse(Timestamp) + 1_000);
  });

  test('details that cannot be used say where they came from', async () => {
    const error = { code: 'SOURCE_ANSWER_UNREADABLE' };
    rig.vendor.playPortal('m-7', bytes, { name: 'a\nb' });
    const [failed] = await rig.hand('bynder', told('m-7', 'create'));
    expect(failed).toMatchObject({ state: 'failed', error });
    expect(failed?.error?.message).toMatch(/metadata\.name must not hold line breaks .*\(from name\)/);
  });

  test('without a credential nobody is asked, and the job says what is missing', async () => {
    rig.vendor.playPortal('m-8', bytes);
    const [job] = await rig.hand('bynder-poor', told('m-8', 'create'));
    expect(job).toMatchObject({
      state: 'failed',
      error: { code: 'SOURCE_CREDENTIAL_MISSING', retryable: true },
    });
    expect(rig.vendor.asked).toEqual([]);
  });

  test('AEM: the file is what its author instance answers', async () => {
    const { repositoryMetadata } = processingCompleted.data;
    const size = {
      'repo:size': String(bytes.length),
      'repo:name': 'sheet.pdf',
      'dc:format': 'application/pdf',
    };
    const place = { 'repo:path': '/content/dam/my sheet.pdf', 'repo:repositoryId': new URL(origin).host };
    const payload = {
      ...processingCompleted,
      data: { assetId: 'urn:aaid:aem:1', repositoryMetadata: { ...repositoryMetadata, ...size, ...place } },
    };
    rig.vendor.answers.set(
      '/content/dam/my%20sheet.pdf',
      send('', 302, { location: `${origin.replace('127.0.0.1', 'localhost')}/blob` }),
    );
    rig.vendor.answers.set('/blob', send(bytes));
    expect(await rig.deliver(fromAdobe('/events/aem', rig.adobeKey, payload))).toMatchObject([
      { state: 'done', error: null },
    ]);
    expect(rig.assetsOf('aem:urn:aaid:aem:1')).toMatchObject([{ name: 'sheet.pdf', checksum: md5(bytes) }]);
    const basic = `Basic ${Buffer.from(`jo:${token}`).toString('base64')}`;
    expect(rig.vendor.asked.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/content/dam/my%20sheet.pdf', basic],
      ['/blob', undefined],
    ]);
  });

  test('neither a credential nor a signed link is in the table', async () => {
    const { clients, tableName } = rig.connector.stack;
    const { Items: items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: tableName }));
    expect(items.length).toBeGreaterThan(30);
    expect(items.filter((item) => /canary/.test(JSON.stringify(item)))).toEqual([]);
  });
});
