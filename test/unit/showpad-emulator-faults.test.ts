import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, only, until, upload } from '../showpad-caller.ts';

let nowMs: number;
let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({ now: () => nowMs, switches: { processingMs: 0 } });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

const create = () => caller.createAsset({ name: 'a.txt' });
const createMatch = { method: 'POST', path: '/v4/assets' };

describe('a fault', () => {
  test('strikes the requests that it matches, from the nth and so many times', async () => {
    const fault = showpad.faults.add({
      match: { method: 'get', path: '/v4/assets/{assetId}', nth: 2, times: 2 },
      action: { kind: 'status', status: 503 },
    });
    const { id } = await create();
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await caller.call('GET', `/assets/${id}`)).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect((await caller.call('GET', '/assets')).status).toBe(200);
    expect(fault.hits).toBe(2);
  });

  test('can match by regular expression, strike for ever, and be removed', async () => {
    const fault = showpad.faults.add({
      match: { path: /divisions$/u, times: 'always' },
      action: { kind: 'status', status: 500 },
    });
    for (let call = 0; call < 3; call += 1) expect((await caller.call('GET', '/divisions')).status).toBe(500);
    fault.remove();
    expect((await caller.call('GET', '/divisions')).status).toBe(200);
    expect(fault.hits).toBe(3);
  });

  test('that is not well formed is refused', () => {
    expect(() => showpad.faults.add({ action: { kind: 'status', status: 7 } })).toThrow(/status/u);
  });
});

describe('the fault status', () => {
  test('answers without doing anything, with Retry-After when asked', async () => {
    showpad.faults.add({ match: createMatch, action: { kind: 'status', status: 429, retryAfter: 7 } });
    const answer = await caller.call('POST', '/assets', { body: { name: 'a' } });
    expect(answer).toMatchObject({
      status: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '7' },
      json: { title: 'Too Many Requests', status: 429 },
    });
    expect(showpad.assets).toEqual([]);
  });

  test('answers any body', async () => {
    showpad.faults.add({
      action: { kind: 'status', status: 200, body: { count: 0 }, headers: { 'x-a': 'b' } },
    });
    const answer = await caller.call('GET', '/assets');
    expect(answer).toMatchObject({ status: 200, json: { count: 0 }, headers: { 'x-a': 'b' } });
  });

  test('answers an upload in the form of S3', async () => {
    const { id } = await create();
    const file = await caller.createFile(id);
    showpad.faults.add({ match: { method: 'PUT' }, action: { kind: 'status', status: 503 } });
    const answer = await upload(file, Buffer.alloc(2_000_000));
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('<Error><Code>');
    expect((await upload(file, Buffer.from('text'))).status).toBe(200);
  });
});

test('the fault delay does the work at once and answers later', async () => {
  showpad.faults.add({ match: createMatch, action: { kind: 'delay', delayMs: 5000 } });
  const created = create();
  await until(showpad, () => showpad.assets.length === 1);
  expect(only(showpad.requests).status).toBeNull();
  nowMs += 5000;
  showpad.advance();
  expect((await created).name).toBe('a.txt');
});

test('the fault stall never answers and holds the connection until the emulator is closed', async () => {
  showpad.faults.add({ match: createMatch, action: { kind: 'stall' } });
  const created = expect(create()).rejects.toThrow();
  await until(showpad, () => showpad.requests.length === 1 && only(showpad.requests).bodyBytes > 0);
  nowMs += 86_400_000;
  showpad.advance();
  expect(only(showpad.requests)).toMatchObject({ status: null, finished: false });
  await showpad.close();
  await created;
});

test('the fault stall can stop in the middle of an upload', async () => {
  const { id } = await create();
  const file = await caller.createFile(id);
  showpad.faults.add({ match: { method: 'PUT' }, action: { kind: 'stall', afterBytes: 100_000 } });
  const size = 64 * 1024 * 1024;
  const sent = expect(upload(file, Buffer.alloc(size))).rejects.toThrow();
  await until(showpad, () => (showpad.requests.at(-1)?.bodyBytes ?? 0) >= 100_000);
  expect(showpad.requests.at(-1)?.bodyBytes).toBeLessThan(size);
  await showpad.close();
  await sent;
});

test('the fault cutRequest breaks the connection in the middle of an upload, and nothing is done', async () => {
  const asset = await create();
  const file = await caller.createFile(asset.id);
  const fault = showpad.faults.add({
    match: { method: 'PUT' },
    action: { kind: 'cutRequest', afterBytes: 1_000_000 },
  });
  await expect(upload(file, Buffer.alloc(16_000_000))).rejects.toThrow();
  expect(fault.hits).toBe(1);
  expect(only(asset.files).uploads).toEqual([]);
});

test.each([0, 10])(
  'the fault cutAnswer breaks the connection after %i bytes of the answer',
  async (afterBytes) => {
    showpad.faults.add({ match: createMatch, action: { kind: 'cutAnswer', afterBytes } });
    const answer = await request(`${showpad.v4Url}/assets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${showpad.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'a', division: { id: showpad.divisions[0]?.id } }),
    });
    expect(answer.statusCode).toBe(201);
    await expect(answer.body.text()).rejects.toThrow();
    expect(showpad.assets).toHaveLength(1);
  },
);

test('the fault reset breaks the connection before anything is done', async () => {
  showpad.faults.add({ match: createMatch, action: { kind: 'reset' } });
  await expect(create()).rejects.toThrow();
  expect(showpad.assets).toEqual([]);
  expect((await create()).name).toBe('a.txt');
});

test('the fault commitThenDrop does the work and loses the answer', async () => {
  showpad.faults.add({ match: createMatch, action: { kind: 'commitThenDrop' } });
  await expect(create()).rejects.toThrow();
  expect(showpad.assets).toHaveLength(1);
  expect(only(showpad.requests).status).toBeNull();
});

test('the fault commitThenDrop takes an upload in and loses the answer', async () => {
  const asset = await create();
  const file = await caller.createFile(asset.id);
  showpad.faults.add({ match: { method: 'PUT' }, action: { kind: 'commitThenDrop' } });
  await expect(upload(file, Buffer.from('text'))).rejects.toThrow();
  expect(asset.status).toBe('active');
});

test('the fault commitLate breaks the connection and does the work afterwards', async () => {
  showpad.faults.add({ match: createMatch, action: { kind: 'commitLate', delayMs: 5000 } });
  await expect(create()).rejects.toThrow();
  nowMs += 4999;
  showpad.advance();
  expect(showpad.assets).toEqual([]);
  nowMs += 1;
  showpad.advance();
  expect(showpad.assets).toHaveLength(1);
});

describe('the log of requests', () => {
  test('tells what came and what was answered, without the token', async () => {
    const asset = await create();
    await upload(await caller.createFile(asset.id), Buffer.from('text'));
    await caller.call('GET', '/assets?limit=1');
    await until(showpad, () => showpad.requests.every(({ finished }) => finished));
    expect(showpad.requests).toMatchObject([
      {
        sequence: 1,
        listener: 'api',
        method: 'POST',
        path: '/v4/assets',
        status: 201,
        body: { name: 'a.txt' },
      },
      {
        path: `/v4/assets/${asset.id}/files`,
        answer: { status: 'prepared' },
        answerMediaType: 'application/json',
      },
      {
        listener: 'upload',
        method: 'PUT',
        status: 200,
        bodyBytes: 4,
        headers: { 'x-amz-meta-origin': 'api' },
      },
      {
        path: '/v4/assets',
        query: 'limit=1',
        status: 200,
        receivedAt: '2026-11-23T12:00:00.000Z',
        fault: null,
      },
    ]);
    expect(JSON.stringify(showpad.requests)).not.toContain(showpad.token);
  });
});

async function control(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
  const answer = await request(`${showpad.controlUrl}/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.body.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.statusCode, json };
}

describe('another process', () => {
  test('reads the state, which holds hashes and never bytes', async () => {
    const asset = await create();
    await upload(await caller.createFile(asset.id), Buffer.from('text'));
    const { status, json } = await control('GET', 'state');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      divisions: [{ name: 'Marketing' }, { name: 'Sales' }],
      assets: [
        { id: asset.id, files: [{ uploads: [{ md5: '1cb251ec0d568de6a929b520c4aed8d1', size: 4 }] }] },
      ],
      deletedAssets: [],
    });
    expect(JSON.stringify(json)).not.toContain('head');
  });

  test('reads the requests after those it knows, and clears them', async () => {
    await create();
    await caller.call('GET', '/assets');
    expect((await control('GET', 'requests?after=1')).json).toMatchObject({
      items: [{ sequence: 2, method: 'GET' }],
    });
    expect((await control('DELETE', 'requests')).status).toBe(204);
    expect(showpad.requests).toEqual([]);
  });

  test('adds, reads and removes faults', async () => {
    const added = await control('POST', 'faults', {
      match: { pattern: '/assets$', times: 'always' },
      action: { kind: 'status', status: 502 },
    });
    expect(added).toMatchObject({ status: 201, json: { id: 1, hits: 0 } });
    expect((await caller.call('GET', '/assets')).status).toBe(502);
    expect((await control('GET', 'faults')).json).toMatchObject({ items: [{ id: 1, hits: 1 }] });
    await control('DELETE', 'faults/1');
    expect((await caller.call('GET', '/assets')).status).toBe(200);
    expect((await control('POST', 'faults', { action: { kind: 'explode' } })).status).toBe(400);
    showpad.faults.add({ action: { kind: 'reset' } });
    expect((await control('DELETE', 'faults')).status).toBe(204);
    expect(showpad.faults.list()).toEqual([]);
  });

  test('sets switches, and only those that exist', async () => {
    expect((await control('PATCH', 'switches', { indexLagMs: 10 })).json).toMatchObject({ indexLagMs: 10 });
    expect(showpad.switches.indexLagMs).toBe(10);
    expect((await control('PATCH', 'switches', { gravity: false })).status).toBe(400);
    expect((await control('GET', 'nothing')).status).toBe(404);
  });
});

test('closing wakes whoever waits for a change', async () => {
  const waiting = expect(showpad.changed()).rejects.toThrow('closed');
  await showpad.close();
  await waiting;
});

test('a port that is taken is an error', async () => {
  const port = Number(new URL(showpad.v4Url).port);
  await expect(startShowpadEmulator({ port })).rejects.toThrow('EADDRINUSE');
});
