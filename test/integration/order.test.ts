import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, md5, pdf, startConnector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ parameters: { SourceDeadlineSeconds: '60' } });
});
afterAll(() => connector.stop());

const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
const upsert = (subject: string, minute: number, text: string, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  subject,
  time: at(minute),
  data: { file: { url: connector.serve(`${subject}-${text}.pdf`, pdf(text)), name: 'Order.pdf' }, metadata },
});
const assetsOf = (subject: string) => connector.assetsOf(subject);

test('an older event that comes late is superseded, and fetches nothing', async () => {
  await connector.finish(upsert('late', 2, 'new'));
  const before = connector.served.length;
  expect(await connector.finish(upsert('late', 1, 'old'))).toMatchObject({
    state: 'superseded',
    error: null,
  });
  expect(connector.served.length).toBe(before);
  expect(assetsOf('late')).toMatchObject([{ checksum: md5(pdf('new')) }]);
});

test('an older event still sets what no newer one has set', async () => {
  await connector.finish(upsert('fields', 2, 'new', { description: 'newer' }));
  const older = upsert('fields', 1, 'old', { description: 'older', isSensitive: true });
  expect(await connector.finish(older)).toMatchObject({ state: 'done', error: null });
  expect(assetsOf('fields')).toMatchObject([
    { checksum: md5(pdf('new')), description: 'newer', isSensitive: true },
  ]);
});

test('a sequence wins over time', async () => {
  await connector.finish({ ...upsert('sequence', 1, 'second'), sequence: '0002' });
  const first = { ...upsert('sequence', 9, 'first'), sequence: '0001' };
  expect(await connector.finish(first)).toMatchObject({ state: 'superseded' });
  expect(assetsOf('sequence')).toMatchObject([{ checksum: md5(pdf('second')) }]);
});

test('an event without a time of its own is newer than what came before it', async () => {
  const { time: _time, ...untimed } = upsert('untimed', 0, 'newest');
  await connector.finish(upsert('untimed', 1, 'timed'));
  expect(await connector.finish({ ...untimed, time: undefined })).toMatchObject({ state: 'done' });
  expect(assetsOf('untimed')).toMatchObject([{ checksum: md5(pdf('newest')) }]);
});

test('metadata that comes before its asset is there when the asset is', async () => {
  const { body } = await connector.send({
    type: 'asset.metadata',
    subject: 'early',
    time: at(2),
    data: { metadata: { description: 'came first', languages: ['de'] } },
  });
  expect(await connector.finish(upsert('early', 1, 'early'))).toMatchObject({ state: 'done' });
  expect(await connector.job(body.jobs[0]?.id ?? '')).toMatchObject({ state: 'done' });
  expect(assetsOf('early')).toMatchObject([{ description: 'came first', languages: [{ code: 'de' }] }]);
});

test('metadata sends only what was named, and nothing when nothing differs', async () => {
  await connector.finish(upsert('named', 1, 'named', { description: 'one', isShareable: undefined }));
  const change = { description: 'two', permissions: { isShareable: false }, tags: ['A', 'B'] };
  const event = (minute: number) => ({
    type: 'asset.metadata',
    subject: 'named',
    time: at(minute),
    data: { metadata: change },
  });
  const before = connector.showpad.requests.length;
  expect(await connector.finish(event(2))).toMatchObject({ state: 'done', error: null });
  const updates = connector.showpad.requests
    .slice(before)
    .filter(({ method, path }) => method === 'POST' && path.startsWith('/v4/assets/'));
  expect(updates).toHaveLength(1);
  expect(Object.keys(updates[0]?.body as object).toSorted()).toEqual(['description', 'permissions', 'tags']);
  expect(assetsOf('named')).toMatchObject([
    { description: 'two', permissions: { isShareable: false, isAnnotatable: true } },
  ]);
  const unchanged = connector.showpad.requests.length;
  expect(await connector.finish(event(3))).toMatchObject({ state: 'done' });
  expect(connector.showpad.requests.length).toBe(unchanged);
});

test('tags are added and removed beside those that people set', async () => {
  await connector.finish(upsert('tags', 1, 'tags', { tags: ['mine', 'gone'] }));
  const [asset] = assetsOf('tags');
  await connector.finish({
    type: 'asset.metadata',
    subject: 'tags',
    time: at(2),
    data: { tags: { add: ['more'], remove: ['gone'] } },
  });
  const names = (assetsOf('tags')[0]?.tags ?? []).map(
    ({ id }) => connector.showpad.tags.find((tag) => tag.id === id)?.name,
  );
  expect(asset?.id).toBe(assetsOf('tags')[0]?.id);
  expect(names.toSorted()).toEqual(['mine', 'more']);
});

test('archive and restore keep the asset, and an older upsert does not bring it back', async () => {
  const first = await connector.finish(upsert('archive', 1, 'one'));
  await connector.finish({ type: 'asset.archive', subject: 'archive', time: at(5), data: {} });
  expect(assetsOf('archive')).toMatchObject([{ id: first.showpad.assetId, isArchived: true }]);
  await connector.finish(upsert('archive', 3, 'two'));
  expect(assetsOf('archive')).toMatchObject([{ isArchived: true, checksum: md5(pdf('two')) }]);
  await connector.finish({ type: 'asset.restore', subject: 'archive', time: at(6), data: {} });
  expect(assetsOf('archive')).toMatchObject([{ id: first.showpad.assetId, isArchived: false }]);
});
