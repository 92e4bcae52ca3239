import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, md5, pdf, startConnector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    sources: {
      demo: {
        adapter: 'cloudevents',
        secrets: [`whsec_${randomBytes(24).toString('base64')}`],
        onDelete: 'delete',
      },
    },
    parameters: { SourceDeadlineSeconds: '0' },
  });
});
afterAll(() => connector.stop());

const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
const upsert = (subject: string, minute: number, text: string) => ({
  type: 'asset.upsert',
  subject,
  time: at(minute),
  data: {
    file: { url: connector.serve(`${subject}-${text}.pdf`, pdf(text)), name: 'Lifecycle.pdf' },
    metadata: { description: text, division: connector.showpad.divisions[0]?.id },
  },
});
const event = (type: string, subject: string, minute: number) => ({
  type,
  subject,
  time: at(minute),
  data: {},
});
const assetsOf = (subject: string) => connector.assetsOf(subject);

test('a delete is permanent where the source says so, and the timeline keeps what was deleted', async () => {
  const made = await connector.finish(upsert('deleted', 1, 'one'));
  expect(await connector.finish(event('asset.delete', 'deleted', 2))).toMatchObject({
    state: 'done',
    error: null,
  });
  expect(assetsOf('deleted')).toEqual([]);
  const { body } = await connector.get<{ timeline: { what: string; details: unknown }[] }>(
    '/assets/demo/deleted',
  );
  const kept = body.timeline.find(({ what }) => what === 'asset about to be deleted');
  expect(kept?.details).toMatchObject({
    assetId: made.showpad.assetId,
    lastState: {
      name: 'Lifecycle.pdf',
      description: 'one',
      languages: [],
      permissions: { isShareable: true },
    },
  });
});

test('an older upsert after a delete changes nothing, and a newer one makes a new asset', async () => {
  const before = connector.showpad.requests.length;
  expect(await connector.finish(upsert('deleted', 1, 'old'))).toMatchObject({ state: 'superseded' });
  expect(connector.showpad.requests.length).toBe(before);
  expect(await connector.finish(upsert('deleted', 3, 'new'))).toMatchObject({ state: 'done', error: null });
  expect(assetsOf('deleted')).toMatchObject([{ checksum: md5(pdf('new')), description: 'new' }]);
  expect(await connector.finish(event('asset.delete', 'deleted', 4))).toMatchObject({ state: 'done' });
  expect(assetsOf('deleted')).toEqual([]);
});

test('what is gone already is deleted, and what never was too', async () => {
  const { showpad } = await connector.finish(upsert('gone', 1, 'gone'));
  const { request } = await import('undici');
  await request(`${connector.showpad.v4Url}/assets/${showpad.assetId}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${connector.showpad.token}` },
  });
  expect(await connector.finish(event('asset.delete', 'gone', 2))).toMatchObject({
    state: 'done',
    error: null,
  });
  expect(await connector.finish(event('asset.delete', 'never', 2))).toMatchObject({
    state: 'done',
    error: null,
  });
});

test('a delete while an upload runs ends deleted', async () => {
  const put = connector.showpad.faults.add({
    match: { method: 'PUT' },
    action: { kind: 'delay', delayMs: 700 },
  });
  await connector.send(upsert('racing', 1, 'racing'));
  while (put.hits === 0) await connector.showpad.changed();
  const job = await connector.finish(event('asset.delete', 'racing', 2));
  expect(job).toMatchObject({ state: 'done', error: null });
  expect(assetsOf('racing')).toEqual([]);
});

test('metadata for a deleted asset waits for a new one, and fails when none comes', async () => {
  await connector.finish(upsert('after', 1, 'after'));
  await connector.finish(event('asset.delete', 'after', 2));
  const data = { metadata: { description: 'late' } };
  const job = await connector.finish({ type: 'asset.metadata', subject: 'after', time: at(3), data });
  expect(job).toMatchObject({ state: 'failed', error: { code: 'ASSET_UNKNOWN', retryable: true } });
  await connector.finish(upsert('after', 1, 'older than the delete'));
  expect(assetsOf('after')).toEqual([]);
});
