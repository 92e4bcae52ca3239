import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloudEvent, type Connector, md5, pdf, signed, startConnector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ parameters: { SettleSeconds: '2' } });
});
afterAll(() => connector.stop());

const upsert = (subject: string, text = subject) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url: connector.serve(`${subject}.pdf`, pdf(text)), name: `${subject}.pdf` } },
});
const assetsOf = (subject: string) => connector.assetsOf(subject);
const creates = (subject: string) =>
  connector.showpad.requests.filter(
    ({ method, path, body }) =>
      method === 'POST' && path === '/v4/assets' && JSON.stringify(body ?? null).includes(`demo:${subject}`),
  ).length;

test.each([
  ['is made but its answer is lost', { kind: 'commitThenDrop' }],
  ['is made but its answer breaks off', { kind: 'cutAnswer', afterBytes: 20 }],
  ['is made long after the connection broke', { kind: 'commitLate', delayMs: 1_000 }],
  ['is refused by a connection reset', { kind: 'reset' }],
  ['is answered with 500', { kind: 'status', status: 500 }],
  ['is answered with 429', { kind: 'status', status: 429, retryAfter: 1 }],
] as const)('an asset that %s is there once in the end', async (what, action) => {
  const subject = what.replaceAll(' ', '-');
  const fault = connector.showpad.faults.add({ match: { method: 'POST', path: '/v4/assets' }, action });
  const job = await connector.finish(upsert(subject));
  expect(fault.hits).toBe(1);
  expect(job).toMatchObject({ state: 'done', error: null });
  expect(assetsOf(subject)).toMatchObject([{ checksum: md5(pdf(subject)), status: 'active' }]);
});

test('a lookup that finds nothing is not believed before the settle window has passed', async () => {
  connector.showpad.switches.indexLagMs = 1_500;
  try {
    connector.showpad.faults.add({
      match: { method: 'POST', path: '/v4/assets' },
      action: { kind: 'commitThenDrop' },
    });
    expect(await connector.finish(upsert('lagging'))).toMatchObject({ state: 'done' });
    expect(assetsOf('lagging')).toHaveLength(1);
    expect(creates('lagging')).toBe(1);
  } finally {
    connector.showpad.switches.indexLagMs = 0;
  }
});

test('an asset that Showpad refuses as a second one is looked for until it shows, and is not made without its id', async () => {
  Object.assign(connector.showpad.switches, { indexLagMs: 3_000, externalIdUnique: true });
  try {
    const { request } = await import('undici');
    await request(`${connector.showpad.v4Url}/assets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${connector.showpad.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'Hidden.pdf',
        division: { id: connector.showpad.divisions[0]?.id },
        externalId: 'demo:hidden',
      }),
    });
    expect(await connector.finish(upsert('hidden'))).toMatchObject({ state: 'done', error: null });
    expect(assetsOf('hidden')).toMatchObject([{ checksum: md5(pdf('hidden')), status: 'active' }]);
    const ofThisName = connector.showpad.assets.filter(({ name }) => name === 'hidden.pdf');
    expect(ofThisName).toEqual([]);
  } finally {
    Object.assign(connector.showpad.switches, { indexLagMs: 0, externalIdUnique: false });
  }
});

test('twenty deliveries of twenty events at once make one asset, which holds the newest file', async () => {
  const secret = connector.stack.sources['demo']?.secret ?? '';
  const bodies = Array.from({ length: 20 }, (_, index) => {
    const url = connector.serve(`crowd-${index}.pdf`, pdf(`crowd ${index}`));
    const time = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
    const data = { file: { url, name: 'Crowd.pdf' } };
    return JSON.stringify(cloudEvent({ type: 'asset.upsert', subject: 'crowd', time, data }));
  });
  const shuffled = [...bodies, ...bodies].toSorted(() => Math.random() - 0.5);
  await Promise.all(shuffled.map((body) => connector.post('/events/demo', body, signed(secret, body))));
  await connector.stack.settled();
  expect(assetsOf('crowd')).toMatchObject([{ checksum: md5(pdf('crowd 19')) }]);
  expect(creates('crowd')).toBe(1);
});

test('messages that are all delivered again change nothing', async () => {
  await connector.finish(upsert('redelivered'));
  const before = assetsOf('redelivered');
  const requests = connector.showpad.requests.length;
  await connector.stack.redeliver();
  await connector.stack.settled();
  expect(assetsOf('redelivered')).toEqual(before);
  expect(connector.showpad.requests.length).toBe(requests);
});

test('an asset that carries the external id already is adopted, and several are left alone', async () => {
  const { showpad } = connector;
  const make = async (subject: string) => {
    const { request } = await import('undici');
    const answer = await request(`${showpad.v4Url}/assets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${showpad.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'By hand.pdf',
        division: { id: showpad.divisions[0]?.id },
        externalId: `demo:${subject}`,
      }),
    });
    return ((await answer.body.json()) as { id: string }).id;
  };
  const known = await make('adopted');
  const job = await connector.finish(upsert('adopted'));
  expect(job).toMatchObject({ state: 'done', showpad: { assetId: known } });
  expect(assetsOf('adopted')).toMatchObject([
    { id: known, name: 'By hand.pdf', checksum: md5(pdf('adopted')) },
  ]);

  // Our table forgets the asset, as if this connector were new: the bytes are known all the same.
  const { dynamodb } = connector.stack.clients;
  const { DeleteItemCommand } = await import('@aws-sdk/client-dynamodb');
  const key = { pk: { S: 'ASSET#demo:adopted' }, sk: { S: 'STATE' } };
  await dynamodb.send(new DeleteItemCommand({ TableName: connector.stack.tableName, Key: key }));
  const again = await connector.finish(upsert('adopted'));
  expect(again).toMatchObject({ state: 'done', showpad: job.showpad });
  expect(assetsOf('adopted')[0]?.files).toHaveLength(1);

  const twins = [await make('twins'), await make('twins')];
  const ambiguous = await connector.finish(upsert('twins'));
  expect(ambiguous).toMatchObject({ state: 'failed', error: { code: 'EXTERNAL_ID_AMBIGUOUS' } });
  for (const id of twins) expect(ambiguous.error?.message).toContain(id);
  expect(assetsOf('twins').every(({ files }) => files.length === 0)).toBe(true);
});

test('an asset that somebody deleted in Showpad comes back with the next file', async () => {
  const first = await connector.finish(upsert('deleted', 'one'));
  const { request } = await import('undici');
  await request(`${connector.showpad.v4Url}/assets/${first.showpad.assetId}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${connector.showpad.token}` },
  });
  const second = await connector.finish(upsert('deleted', 'two'));
  expect(second).toMatchObject({ state: 'done', error: null });
  expect(assetsOf('deleted')).toMatchObject([{ checksum: md5(pdf('two')) }]);
});
