import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import { asset, receiving, stalling, uploadOf } from './my-files-upload.ts';
import { clientOf, failureOf, json, startRawServer, startServer } from './showpad-client-server.ts';

describe('the answer to an upload', () => {
  const ticket = { resourcetype: 'Ticket', id: 't1' };
  const link = 'https://acme.showpad.biz/api/v3/assets/a1.json';
  it.each([
    [200, { resourcetype: 'Asset', id: 'a1', division: link }, { kind: 'asset', assetId: 'a1' }],
    [201, { ...ticket, asset: null }, { kind: 'ticket', ticketId: 't1', assetId: null }],
    [202, ticket, { kind: 'ticket', ticketId: 't1', assetId: null }],
    [201, { ...ticket, asset: { id: 'a1' } }, { kind: 'ticket', ticketId: 't1', assetId: 'a1' }],
    [201, { ...ticket, asset: link }, { kind: 'ticket', ticketId: 't1', assetId: 'a1' }],
    [201, { ...ticket, asset: [] }, { kind: 'ticket', ticketId: 't1', assetId: null }],
  ])('%i is read: %j', async (code, response, expected) => {
    const server = await startServer((answer) => json(answer, code, { meta: { code }, response }));
    expect(await uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789']))).toEqual(expected);
  });

  it.each([
    ['another resource', 'application/json', '{"meta":{},"response":{"resourcetype":"User","id":"u1"}}'],
    ['no resource type', 'application/json', '{"meta":{},"response":{"id":"a1"}}'],
    ['no id', 'application/json', '{"meta":{},"response":{"resourcetype":"Ticket"}}'],
    ['no response', 'application/json', '{"meta":{"code":201}}'],
    ['no envelope', 'application/json', '{"resourcetype":"Asset","id":"a1"}'],
    ['nothing', 'application/json', ''],
    ['a login page', 'text/html', '<html></html>'],
  ])('that is %s leaves the outcome unknown', async (_name, type, text) => {
    const server = await startServer((response) =>
      response.writeHead(201, { 'content-type': type }).end(text),
    );
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'])));
    expect(error).toMatchObject({ kind: 'protocol', status: 201, outcomeUnknown: true });
  });

  it.each([
    [409, 409, 4009, false, false],
    [200, 409, 4009, false, false],
    [200, 400, 4004, false, false],
    [403, 403, 3008, false, false],
    [429, 429, 0, true, false],
    [200, 500, 3000, true, true],
    [503, 503, 3000, true, true],
  ])('%i with the code %i is a failure', async (status, code, problem, retryable, outcomeUnknown) => {
    const failure = { code: problem, name: 'SomeError', message: 'jo@example.com has it.' };
    const server = await startServer((response) =>
      json(response, status, { meta: { code, message: 'No' }, response: failure }, { 'retry-after': '7' }),
    );
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'])));
    expect(error).toMatchObject({
      operation: 'POST /divisions/{id}/assets.json',
      kind: 'response',
      status: code,
      title: 'SomeError',
      problems: [{ name: String(problem) }],
      retryable,
      outcomeUnknown,
      retryAfterSeconds: 7,
    });
    expect(error.message).not.toContain('example.com');
    expect(server.requests).toHaveLength(1);
  });

  it('401 renews the token and is for the caller to send again', async () => {
    const tokens = ['old', 'new'];
    const rejected: string[] = [];
    const token = {
      get: () => Promise.resolve(tokens[0] ?? ''),
      reject: (one: string) => void rejected.push(one, ...tokens.splice(0, 1)),
    };
    const server = await startServer((response, { headers }) =>
      headers.authorization === 'Bearer new'
        ? json(response, 201, asset)
        : json(response, 401, { meta: { code: 401 } }),
    );
    const client = clientOf(server.url, { token });
    const error = await failureOf(uploadToMyFiles(client, uploadOf(['0123456789'])));
    expect(error).toMatchObject({ status: 401, retryable: true, outcomeUnknown: false });
    expect(server.requests).toHaveLength(1);
    expect(rejected[0]).toBe('old');
    expect(await uploadToMyFiles(client, uploadOf(['0123456789']))).toMatchObject({ assetId: 'a1' });
  });

  it('that comes before the end is read 20 times out of 20, and means that nothing happened', async () => {
    const closings: ((response: ServerResponse, status: number) => void)[] = [
      (response, status) => response.writeHead(status, { connection: 'close' }),
      (response, status) => response.writeHead(status),
      (response, status) => response.on('finish', () => response.socket?.destroySoon()).writeHead(status),
    ];
    const statuses = [400, 403, 409, 413, 503];
    let index = 0;
    const server = await startRawServer((_request, response) => {
      closings[index % 3]?.(response, statuses[index % 5] ?? 400);
      index += 1;
      response.end(JSON.stringify({ response: { code: 4004, name: 'FileTooBigValidationError' } }));
    });
    const client = clientOf(server.url);
    const chunk = Buffer.alloc(64 * 1024);
    for (let time = 0; time < 20; time += 1) {
      // More than the sockets on the way can hold.
      const chunks = Array.from({ length: 1024 }, () => chunk);
      const upload = uploadOf(chunks, { size: 64 * 1024 * 1024 });
      expect(await failureOf(uploadToMyFiles(client, upload))).toMatchObject({
        kind: 'response',
        status: statuses[time % 5],
        title: 'FileTooBigValidationError',
        outcomeUnknown: false,
      });
      expect(upload.body).toHaveProperty('destroyed', true);
    }
  });

  it.each([
    ['a success', 201, { kind: 'protocol', status: 201, outcomeUnknown: true }],
    ['a failure', 409, { kind: 'response', status: 409, outcomeUnknown: false }],
  ])('that reports %s too early under HTTP 200 is judged by its code', async (_name, code, expected) => {
    const server = await startRawServer((_request, response) =>
      json(response, 200, { ...asset, meta: { code } }),
    );
    const upload = uploadOf(stalling('01234'));
    expect(await failureOf(uploadToMyFiles(clientOf(server.url), upload))).toMatchObject(expected);
  });

  it('that breaks off after its headers leaves the outcome unknown', async () => {
    const server = await receiving((response) => {
      response.writeHead(201, { 'content-length': '100' }).write('{', () => response.destroy());
    });
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'])));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: true });
  });

  it('is told to the observer of answers', async () => {
    const responses: unknown[] = [];
    const server = await startServer((response) => json(response, 200, { meta: { code: 409 } }));
    const onResponse = (one: unknown) => responses.push(one);
    const client = clientOf(server.url, { onResponse, now: () => 5 });
    await failureOf(uploadToMyFiles(client, uploadOf(['0123456789'])));
    expect(responses).toEqual([
      { api: 'v3', operation: 'POST /divisions/{id}/assets.json', status: 409, durationMs: 0 },
    ]);
  });
});

describe('an upload without an answer', () => {
  it('has no effect when there is no connection', async () => {
    const { server, url } = await startRawServer(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const upload = uploadOf(stalling('01234'));
    const error = await failureOf(uploadToMyFiles(clientOf(url), upload));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: false });
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it('has no effect when the connection breaks before the end', async () => {
    const server = await startRawServer((request) => void request.once('data', () => request.destroy()));
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(stalling('01234', '5'))));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: false });
  });

  it('may have had its effect when the connection breaks after the end', async () => {
    const server = await receiving((response) => void response.destroy());
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'])));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: true });
    expect(server.completed()).toBe(1);
  });

  it('may have had its effect when the answer does not come in time', async () => {
    const server = await receiving();
    const upload = uploadOf(['0123456789'], { answerTimeoutMs: 30 });
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), upload));
    expect(error).toMatchObject({ kind: 'timeout', status: null, retryable: true, outcomeUnknown: true });
  });

  it.each([
    ['source', { stallTimeoutMs: 30 }, /The source of the transfer stood still/],
    [
      'source, nearly,',
      { stallTimeoutMs: 60_000, rateWindowMs: 30, minimumBytesPerSecond: 1e9 },
      /slower than/,
    ],
  ])('because its %s stands still ends', async (_name, limits, detail) => {
    const server = await receiving();
    const upload = uploadOf(stalling('01234', '5'), limits);
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), upload));
    expect(error).toMatchObject({ title: 'TransferTooSlow', retryable: true, outcomeUnknown: false });
    expect(error.detail).toMatch(detail);
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it('because its target stands still ends', async () => {
    const server = await startRawServer(() => undefined);
    const chunks = Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024));
    const upload = uploadOf(chunks, { size: 64 * 1024 * 1024, stallTimeoutMs: 30 });
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), upload));
    expect(error).toMatchObject({ title: 'TransferTooSlow', outcomeUnknown: false });
    expect(error.detail).toMatch(/The target of the transfer stood still/);
  });

  it('because its caller stops it ends at once', async () => {
    const stop = new AbortController();
    const server = await startRawServer((request) => void request.once('data', () => stop.abort()));
    const upload = uploadOf(stalling('012', '345'), { signal: stop.signal });
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), upload));
    expect(error).toMatchObject({ title: 'Stopped by the caller', outcomeUnknown: false });
    expect(upload.body).toHaveProperty('destroyed', true);
  });
});
