import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, md5, pdf, startConnector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector();
});
afterAll(() => connector.stop());

const assetOf = (subject: string) =>
  connector.showpad.assets.filter(({ externalId }) => externalId === `demo:${subject}`);
const upsert = (subject: string, file: Record<string, unknown>, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  subject,
  data: { file, metadata },
});

test('a signed event becomes a usable, byte-identical asset with its metadata', async () => {
  const content = pdf('a brochure');
  const url = connector.serve('brochure.pdf', content);
  const job = await connector.finish(
    upsert(
      'brochure',
      { url, name: 'Brochure.pdf', size: content.length, md5: md5(content) },
      { description: 'About us', languages: ['en', 'pt-BR'], countries: ['DE'], isSensitive: true },
    ),
  );
  expect(job).toMatchObject({ state: 'done', error: null });
  const [asset, ...others] = assetOf('brochure');
  expect(others).toEqual([]);
  expect(asset).toMatchObject({
    id: job.showpad.assetId,
    name: 'Brochure.pdf',
    status: 'active',
    checksum: md5(content),
    size: content.length,
    currentFile: { id: job.showpad.fileId },
    description: 'About us',
    isSensitive: true,
  });
  expect(asset?.languages.map(({ code }) => code)).toEqual(['en', 'pt-BR']);
  expect(asset?.files).toHaveLength(1);
});

test('the bytes go out with an exact length, the announced MD5 and no authorization', () => {
  const put = connector.showpad.requests.find(({ method }) => method === 'PUT');
  const content = pdf('a brochure');
  expect(put).toMatchObject({ status: 200, bodyBytes: content.length });
  expect(put?.headers).toMatchObject({
    'content-length': String(content.length),
    'content-md5': Buffer.from(md5(content), 'hex').toString('base64'),
    'content-type': 'application/pdf',
    'x-amz-meta-origin': 'api',
  });
  expect(put?.headers).not.toHaveProperty('authorization');
  expect(put?.headers).not.toHaveProperty('transfer-encoding');
});

test('a new version becomes a new file of the same asset and leaves its name alone', async () => {
  const first = await connector.finish(
    upsert('versions', { url: connector.serve('v1.pdf', pdf('one')), name: 'Versions.pdf' }),
  );
  const second = await connector.finish(
    upsert('versions', { url: connector.serve('v2.pdf', pdf('two')), name: 'versions (final).pdf' }),
  );
  expect(second).toMatchObject({ state: 'done', showpad: { assetId: first.showpad.assetId } });
  expect(second.showpad.fileId).not.toBe(first.showpad.fileId);
  expect(assetOf('versions')).toMatchObject([{ name: 'Versions.pdf', checksum: md5(pdf('two')) }]);
});

test('bytes that have not changed cause no call to Showpad at all', async () => {
  const file = { url: connector.serve('same.pdf', pdf('same')), name: 'Same.pdf' };
  await connector.finish(upsert('same', file));
  const before = connector.showpad.requests.length;
  const again = await connector.finish(upsert('same', file));
  expect(again.state).toBe('done');
  expect(connector.showpad.requests.slice(before)).toEqual([]);
});

test('a file that changes back to what Showpad had two versions ago is sent again', async () => {
  for (const text of ['a', 'b', 'a']) {
    await connector.finish(upsert('back', { url: connector.serve('back.pdf', pdf(text)), name: 'Back.pdf' }));
  }
  expect(assetOf('back')).toMatchObject([{ checksum: md5(pdf('a')) }]);
  expect(assetOf('back')[0]?.files).toHaveLength(3);
});

test('a URL asset is made and changed without any file call', async () => {
  const made = await connector.finish({
    type: 'asset.upsert',
    subject: 'link',
    data: { url: 'https://acme.example/one', metadata: { name: 'Our shop' } },
  });
  expect(made).toMatchObject({ state: 'done', error: null });
  await connector.finish({
    type: 'asset.upsert',
    subject: 'link',
    data: { url: 'https://acme.example/two' },
  });
  expect(assetOf('link')).toMatchObject([
    { name: 'Our shop.url', url: 'https://acme.example/two', files: [] },
  ]);
});

test('the Division of the event wins over that of its source, by id and by name', async () => {
  const other = connector.showpad.divisions[1];
  if (other === undefined) throw new Error('The emulator should have two Divisions.');
  const url = connector.serve('division.pdf', pdf('division'));
  await connector.finish(upsert('by-id', { url, name: 'A.pdf' }, { division: other.id }));
  await connector.finish(upsert('by-name', { url, name: 'B.pdf' }, { division: { name: other.name } }));
  expect([...assetOf('by-id'), ...assetOf('by-name')].map(({ division }) => division.id)).toEqual([
    other.id,
    other.id,
  ]);
});

test('a Division that is not there fails the job and says which there are', async () => {
  const url = connector.serve('nowhere.pdf', pdf('nowhere'));
  const job = await connector.finish(
    upsert('nowhere', { url, name: 'A.pdf' }, { division: { name: 'Nowhere' } }),
  );
  expect(job).toMatchObject({ state: 'failed', error: { code: 'DIVISION_UNKNOWN', retryable: false } });
  expect(job.error?.message).toContain(connector.showpad.divisions[0]?.name);
  expect(assetOf('nowhere')).toEqual([]);
});

test('a subject that Showpad cannot hold as an external id still has one asset', async () => {
  const subject = `dam/2026,11/${'long '.repeat(60)}`;
  const url = connector.serve('long.pdf', pdf('long'));
  const first = await connector.finish(upsert(subject, { url, name: 'Long.pdf' }));
  const second = await connector.finish(
    upsert(subject, { url: connector.serve('long2.pdf', pdf('longer')), name: 'Long.pdf' }),
  );
  expect(second.showpad.assetId).toBe(first.showpad.assetId);
  const asset = connector.showpad.assets.find(({ id }) => id === first.showpad.assetId);
  expect(asset?.externalId?.length).toBeLessThanOrEqual(128);
  expect(asset?.externalId).not.toContain(',');
});

test('a staged file leaves the bucket once it is usable', async () => {
  await connector.finish(upsert('tidy', { url: connector.serve('tidy.pdf', pdf('tidy')), name: 'Tidy.pdf' }));
  const { body } = await connector.get<{ staged: unknown }>('/assets/demo/tidy');
  expect(body.staged).toBeNull();
});
