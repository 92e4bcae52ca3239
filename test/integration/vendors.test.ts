import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { acceptPayload } from '../../lib/accept-payload.ts';
import { getServices } from '../../lib/services.ts';
import { md5, pdf, startConnector, type Connector, type JobView } from '../connector.ts';
import { processingCompleted, clientId } from '../fixtures/vendors/aem.ts';
import { downloadLocation, media, notification } from '../fixtures/vendors/bynder.ts';
import { upload } from '../fixtures/vendors/cloudinary.ts';
import { deletedAsset, publishedAsset } from '../fixtures/vendors/contentful.ts';
import {
  fromAdobe,
  fromCloudinary,
  fromContentful,
  fromHmac,
  type VendorDelivery,
} from '../vendor-deliveries.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

const secret = 'ab'.repeat(32);
const token = 'canary-token-of-the-portal';
const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 });
/** What the vendors' APIs and file servers answer, by path, and what they were asked. */
const answers = new Map<string, Serve>();
const asked: { path: string; authorization: string | undefined; at: number }[] = [];
const vendor = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  asked.push({ path, authorization: request.headers.authorization, at: Date.now() });
  const serve = answers.get(path);
  if (serve === undefined) response.writeHead(404).end();
  else serve(request, response);
});
let origin = '';
let connector: Connector;
let sources: Record<string, Record<string, unknown> & { secrets: string[] }>;

beforeAll(async () => {
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
  const division = '0123456789abcdef0123456789abcdef';
  const bynder = { adapter: 'bynder', secrets: [], portal: origin, delaySeconds: 0, division };
  const topicArn = 'arn:aws:sns:eu-west-1:123456789012:bynder-portal';
  sources = {
    contentful: { adapter: 'contentful', secrets: [secret], division },
    cloudinary: { adapter: 'cloudinary', secrets: [secret], division },
    bynder: { ...bynder, topicArn },
    'bynder-late': { ...bynder, topicArn, delaySeconds: 1 },
    'bynder-poor': { ...bynder, topicArn },
    aem: {
      adapter: 'aem',
      secrets: [],
      clientId,
      author: origin,
      publicKeys: [keys.publicKey.export({ type: 'spki', format: 'pem' })],
      division,
    },
    pim: {
      adapter: 'hmac',
      secrets: [secret],
      division,
      signature: {
        header: 'x-signature',
        prefix: 'sha256=',
        content: '{timestamp}.{body}',
        timestamp: { header: 'x-time' },
      },
      mapping: {
        event: {
          id: 'id',
          subject: 'sku',
          type: { path: 'what', table: { new: 'asset.upsert' } },
          time: 'when',
        },
        file: { url: 'sheet.link', name: 'sheet.file' },
        metadata: {
          name: { path: ['labels.en', 'labels.*'] },
          tags: { path: 'keywords', split: ',' },
          countries: { path: 'region', table: { DACH: ['DE', 'AT', 'CH'] } },
          isSensitive: { value: true },
        },
      },
    },
  };
  connector = await startConnector({
    parameters: { SourceDeadlineSeconds: '0' },
    showpadEmulator: { divisions: [{ name: 'Marketing', id: division }] },
    sources,
    sourceCredentials: {
      bynder: { token },
      'bynder-late': { token },
      aem: { basic: { username: 'jo', password: token } },
    },
  });
});
afterAll(async () => {
  vendor.closeAllConnections();
  vendor.close();
  await connector.stop();
});
beforeEach(() => {
  asked.length = 0;
});

async function deliver({ path, body, headers }: VendorDelivery): Promise<JobView[]> {
  const answer = await connector.post(path, body, headers);
  if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  await connector.stack.settled(55_000);
  const { jobs } = answer.body as { jobs: { id: string }[] };
  return Promise.all(jobs.map(({ id }) => connector.job(id)));
}

/** Hands a payload over as a door does that has verified it, such as the one for SNS. */
async function hand(name: string, ...payloads: unknown[]): Promise<JobView[]> {
  const services = getServices();
  const source = await services.sources.find(name);
  if (source === undefined) throw new Error(`There is no source ${name}.`);
  const ids: string[] = [];
  for (const payload of payloads) {
    const received = { headers: {}, body: Buffer.from(JSON.stringify(payload)), receivedAt: new Date() };
    ids.push(...(await acceptPayload(source, received, services)).map(({ job }) => job.id));
  }
  await connector.stack.settled(55_000);
  return Promise.all(ids.map((id) => connector.job(id)));
}

const send =
  (content: Buffer | string, status = 200, headers: Record<string, string> = {}): Serve =>
  (_request, response) =>
    response
      .writeHead(status, { 'content-length': String(Buffer.byteLength(content)), ...headers })
      .end(content);
const sendJson = (value: unknown): Serve => send(JSON.stringify(value));
const assetOf = (externalId: string) =>
  connector.showpad.assets.filter((one) => one.externalId === externalId);
const uploads = () =>
  connector.showpad.requests.filter(({ method, path }) => method === 'PUT' && !path.startsWith('/v4/'))
    .length;
const tagNames = (ids: readonly { id: string }[]) =>
  connector.showpad.tags
    .filter(({ id }) => ids.some((tag) => tag.id === id))
    .map(({ name }) => name)
    .toSorted();

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
    deliver(fromContentful('/events/contentful', secret, action, payload));

  test('an asset that is published is in Showpad, and archived when it is published no more', async () => {
    answers.set('/cat.pdf', send(bytes));
    expect(await post('publish', published('2026-01-01T00:00:00.000Z'))).toMatchObject([
      { state: 'done', error: null },
    ]);
    const [asset, ...others] = assetOf('contentful:nyancat');
    expect(others).toEqual([]);
    expect(asset).toMatchObject({ name: 'Nyan Cat.pdf', checksum: md5(bytes), isArchived: false });
    expect(tagNames(asset?.tags ?? [])).toEqual(['nyCampaign']);
    const tombstone = { sys: { ...deletedAsset.sys, id: 'nyancat', deletedAt: '2026-01-02T00:00:00.000Z' } };
    expect(await post('unpublish', tombstone)).toMatchObject([{ type: 'asset.archive', state: 'done' }]);
    expect(assetOf('contentful:nyancat')).toMatchObject([{ isArchived: true }]);
  });

  test('the same version told under several ids is uploaded once', async () => {
    const before = uploads();
    const twice = (updatedAt: string) => published(updatedAt, { metadata: {} });
    const jobs = await Promise.all(
      ['2026-02-01T00:00:00.000Z', '2026-02-01T00:00:01.000Z', '2026-02-01T00:00:02.000Z'].map((time) => {
        const payload = twice(time);
        return post('publish', { ...payload, sys: { ...payload.sys, id: 'twice' } });
      }),
    );
    expect(new Set(jobs.flat().map(({ id }) => id)).size).toBe(3);
    for (const { state } of jobs.flat()) expect(['done', 'superseded']).toContain(state);
    expect(assetOf('contentful:twice')).toMatchObject([{ checksum: md5(bytes) }]);
    expect(uploads()).toBe(before + 1);
  });

  test('a payload that cannot be read is taken, seen, kept, and read when its mapping is right', async () => {
    const payload = published('2026-03-01T00:00:00.000Z', {
      fields: { asset: { link: `${origin}/cat.pdf`, name: 'cat.pdf' } },
    });
    const strange = { ...payload, sys: { ...payload.sys, id: 'strange' } };
    const delivery = fromContentful('/events/contentful', secret, 'publish', strange);
    const [parked] = await deliver(delivery);
    const error = { code: 'PAYLOAD_UNREADABLE', retryable: true };
    expect(parked).toMatchObject({ type: 'unreadable', subject: 'strange', state: 'failed', error });
    expect(parked?.error?.message).toMatch(/data\.file\.url is missing \(from nothing at fields\.file/);
    const again = await connector.post(delivery.path, delivery.body, delivery.headers);
    expect(again).toMatchObject({ status: 200, body: { jobs: [{ id: parked?.id }] } });
    const failed = await connector.get<{ items: JobView[] }>('/jobs?state=failed&source=contentful');
    expect(failed.body.items).toMatchObject([{ id: parked?.id, error }]);

    const retry = () => connector.post(`/jobs/${parked?.id}/retry`, '', {});
    expect(await retry()).toMatchObject({ status: 202, body: { state: 'failed', error } });
    const mapping = { file: { url: 'fields.asset.link', name: 'fields.asset.name' } };
    await replaceSources({ ...sources, contentful: { ...sources['contentful'], mapping } });
    expect(await retry()).toMatchObject({ status: 202, body: { state: 'done', error: null } });
    await connector.stack.settled(55_000);
    expect(assetOf('contentful:strange')).toMatchObject([{ name: 'cat.pdf', checksum: md5(bytes) }]);
    expect(await retry()).toMatchObject({ status: 409 });
    await replaceSources(sources);
  });

  async function replaceSources(value: unknown): Promise<void> {
    const { secretsManager } = connector.stack.clients;
    const { PutSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
    const SecretId = 'showpad-connector/sources';
    await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
  }
});

test('Cloudinary: an upload is in Showpad, and its bytes are those that were announced', async () => {
  const bytes = pdf('cloudinary');
  answers.set('/sheet.pdf', send(bytes));
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
  expect(await deliver(delivery)).toMatchObject([{ state: 'done', error: null }]);
  expect(assetOf('cloudinary:image/upload/docs/sheet')).toMatchObject([
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
  expect(await deliver(fromCloudinary('/events/cloudinary', secret, tags))).toMatchObject([
    { state: 'done' },
  ]);
  expect(tagNames(assetOf('cloudinary:image/upload/docs/sheet')[0]?.tags ?? [])).toEqual(['blue']);
  const wrong = { ...body, public_id: 'docs/other', etag: md5('other bytes') };
  const error = { code: 'CHECKSUM_MISMATCH' };
  expect(await deliver(fromCloudinary('/events/cloudinary', secret, wrong))).toMatchObject([
    { state: 'failed', error },
  ]);
});

test('any system: what it sends is understood as its settings say', async () => {
  const bytes = pdf('pim');
  answers.set('/pim/7.pdf', send(bytes));
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
  expect(await deliver(fromHmac('/events/pim', secret, body))).toMatchObject([
    { state: 'done', error: null },
  ]);
  const [asset] = assetOf('pim:SKU-7');
  expect(asset).toMatchObject({ name: 'Datenblatt 7.pdf', isSensitive: true, checksum: md5(bytes) });
  expect(asset?.countries.map(({ code }) => code)).toEqual(['DE', 'AT', 'CH']);
  expect(tagNames(asset?.tags ?? [])).toEqual(['flow', 'sheet']);
});

describe('files that have to be asked for', () => {
  const bytes = pdf('fetched back');
  /** A portal that knows this media, whose links are good for one request. */
  function playPortal(id: string, details: object = {}, fresh: (link: number) => boolean = () => true) {
    let links = 0;
    answers.set(`/api/v4/media/${id}/`, sendJson({ ...media, id, ...details }));
    answers.set(`/api/v4/media/${id}/download/`, (request, response) => {
      links += 1;
      const link = `/bytes/${id}/${links}.pdf`;
      const isFresh = fresh(links);
      answers.set(
        link,
        isFresh ? send(bytes) : send('<Code>AccessDenied</Code><Message>Request has expired</Message>', 403),
      );
      sendJson(downloadLocation(`${origin}${link}?canary-signature=${links}`))(request, response);
    });
    return { links: () => links };
  }
  const told = (id: string, what: string, more: object = {}) =>
    notification(`asset_bank.media.${what}`, { media_id: id }, { MessageId: randomUUID(), ...more });

  test('Bynder: file, name and metadata come from the portal, with its credential, which goes nowhere else', async () => {
    playPortal('m-1');
    expect(await hand('bynder', told('m-1', 'create'))).toMatchObject([{ state: 'done', error: null }]);
    const [asset] = assetOf('bynder:m-1');
    expect(asset).toMatchObject({
      name: 'Flow 200 brochure.pdf',
      description: media.description,
      checksum: md5(bytes),
    });
    expect(tagNames(asset?.tags ?? [])).toEqual(['brochure', 'flow']);
    for (const { path, authorization } of asked) {
      expect([path, authorization]).toEqual([path, path.startsWith('/api/') ? `Bearer ${token}` : undefined]);
    }
  });

  test('a link that has expired is asked for once more', async () => {
    const portal = playPortal('m-2', {}, (link) => link > 1);
    expect(await hand('bynder', told('m-2', 'create'))).toMatchObject([{ state: 'done', error: null }]);
    expect(portal.links()).toBe(2);
    expect(assetOf('bynder:m-2')).toMatchObject([{ checksum: md5(bytes) }]);
  });

  test('links that keep expiring fail the job, and are not asked for without end', async () => {
    const portal = playPortal('m-3', {}, () => false);
    const error = { code: 'SOURCE_URL_EXPIRED' };
    expect(await hand('bynder', told('m-3', 'create'))).toMatchObject([{ state: 'failed', error }]);
    expect(portal.links()).toBe(2);
  });

  test('several notifications of one change cause one upload', async () => {
    playPortal('m-4');
    const before = uploads();
    const later = (second: number) => ({ Timestamp: `2026-05-02T00:54:0${second}.000Z` });
    const jobs = await hand(
      'bynder',
      told('m-4', 'create', later(1)),
      told('m-4', 'updated', later(2)),
      told('m-4', 'meta_updated', later(3)),
    );
    for (const { state } of jobs) expect(['done', 'superseded']).toContain(state);
    expect(uploads()).toBe(before + 1);
    expect(assetOf('bynder:m-4')).toHaveLength(1);
  });

  test('a vendor that needs time is asked when it has had it', async () => {
    playPortal('m-5');
    const Timestamp = new Date().toISOString();
    expect(await hand('bynder-late', told('m-5', 'create', { Timestamp }))).toMatchObject([
      { state: 'done' },
    ]);
    const [first] = asked.filter(({ path }) => path.startsWith('/api/v4/media/m-5/'));
    expect(first?.at).toBeGreaterThanOrEqual(Date.parse(Timestamp) + 1_000);
  });

  test('details that cannot be used say where they came from', async () => {
    const error = { code: 'SOURCE_ANSWER_UNREADABLE' };
    playPortal('m-7', { name: 'a\nb' });
    const [failed] = await hand('bynder', told('m-7', 'create'));
    expect(failed).toMatchObject({ state: 'failed', error });
    expect(failed?.error?.message).toMatch(/metadata\.name must not hold line breaks .*\(from name\)/);
  });

  test('without a credential nobody is asked, and the job says what is missing', async () => {
    playPortal('m-8');
    const [job] = await hand('bynder-poor', told('m-8', 'create'));
    expect(job).toMatchObject({
      state: 'failed',
      error: { code: 'SOURCE_CREDENTIAL_MISSING', retryable: true },
    });
    expect(asked).toEqual([]);
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
    answers.set(
      '/content/dam/my%20sheet.pdf',
      send('', 302, { location: `${origin.replace('127.0.0.1', 'localhost')}/blob` }),
    );
    answers.set('/blob', send(bytes));
    expect(await deliver(fromAdobe('/events/aem', keys.privateKey, payload))).toMatchObject([
      { state: 'done', error: null },
    ]);
    expect(assetOf('aem:urn:aaid:aem:1')).toMatchObject([{ name: 'sheet.pdf', checksum: md5(bytes) }]);
    const basic = `Basic ${Buffer.from(`jo:${token}`).toString('base64')}`;
    expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/content/dam/my%20sheet.pdf', basic],
      ['/blob', undefined],
    ]);
  });

  test('neither a credential nor a signed link is in the table', async () => {
    const { clients, tableName } = connector.stack;
    const { Items: items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: tableName }));
    expect(items.length).toBeGreaterThan(30);
    expect(items.filter((item) => /canary/.test(JSON.stringify(item)))).toEqual([]);
  });
});
