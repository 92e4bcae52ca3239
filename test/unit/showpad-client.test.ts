import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Call } from '../../lib/showpad/client.ts';
import { path } from '../../lib/showpad/path.ts';
import { clientOf, failureOf, json, startRawServer, startServer } from './showpad-client-server.ts';

const thing = z.object({ id: z.string() });
const read = {
  api: 'v4',
  method: 'GET',
  path: path`/things/1`,
  operation: 'GET /things/{id}',
  schema: thing,
} as const;
const create = {
  api: 'v4',
  method: 'POST',
  path: path`/things`,
  operation: 'POST /things',
  schema: thing,
  body: { name: 'Ü' },
} as const;

describe('a call to Showpad', () => {
  it('sends JSON with the token and gives back what the schema reads', async () => {
    const server = await startServer((response) => json(response, 201, { id: 'a', more: true }));
    expect(await clientOf(server.url).request(create)).toEqual({ id: 'a' });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: '/v4/things',
      body: '{"name":"Ü"}',
      headers: {
        authorization: 'Bearer token-1',
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': '13',
      },
    });
  });

  it('sends query parameters comma-joined and encoded', async () => {
    const server = await startServer((response) => json(response, 200, { id: 'a' }));
    const query = { ids: ['a b', 'c+d'], name: 'x&y=1', limit: 5, none: undefined, empty: [] };
    await clientOf(server.url).request({ ...read, query });
    expect(server.requests[0]?.url).toBe('/v4/things/1?ids=a%20b,c%2Bd&name=x%26y%3D1&limit=5');
    expect(server.requests[0]?.headers).not.toHaveProperty('content-type');
  });

  it('tells its observer the operation, the status and how long it took', async () => {
    const responses: unknown[] = [];
    const server = await startServer((response) => json(response, 404, {}));
    const client = clientOf(server.url, { onResponse: (one) => responses.push(one), now: () => 5 });
    await failureOf(client.request(read));
    expect(responses).toEqual([{ api: 'v4', operation: 'GET /things/{id}', status: 404, durationMs: 0 }]);
  });

  it('pages through a list as its items are asked for', async () => {
    const all = Array.from({ length: 7 }, (_, index) => ({ id: String(index) }));
    const server = await startServer((response, { url }) => {
      const query = new URL(url, 'http://localhost').searchParams;
      const offset = Number(query.get('offset'));
      json(response, 200, { count: 7, items: all.slice(offset, offset + Number(query.get('limit'))) });
    });
    const items = [];
    for await (const item of clientOf(server.url).paginate(read, thing, 3)) items.push(item.id);
    expect(items).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(server.requests.map(({ url }) => url.split('?')[1])).toEqual([
      'limit=3&offset=0',
      'limit=3&offset=3',
      'limit=3&offset=6',
    ]);
  });

  it('stops paging at an empty page, whatever the count says', async () => {
    const server = await startServer((response) => json(response, 200, { count: 50, items: [] }));
    const pages = [];
    for await (const item of clientOf(server.url).paginate(read, thing)) pages.push(item);
    expect(pages).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it('asks for no further page when nobody reads on', async () => {
    const server = await startServer((response) => json(response, 200, { count: 9, items: [{ id: 'a' }] }));
    for await (const item of clientOf(server.url).paginate(read, thing, 1)) if (item.id === 'a') break;
    expect(server.requests).toHaveLength(1);
  });
});

describe('an answer that is not what it should be', () => {
  const unexpected: [string, Parameters<typeof startServer>[0], RegExp][] = [
    [
      'text/html',
      (response) => response.setHeader('content-type', 'text/html').end('<p>Log in</p>'),
      /text\/html/,
    ],
    ['broken JSON', (response) => response.end('{"id":'), /not JSON/],
    ['an empty body', (response) => response.end(), /body: /],
    ['a missing field', (response) => json(response, 201, { name: 'x' }), /id: /],
    ['a larger body than 10 MiB', (response) => response.end(Buffer.alloc(11 * 1024 * 1024, 32)), /larger/],
  ];
  it.each(unexpected)('is a protocol error: %s', async (_name, answer, detail) => {
    const server = await startServer(answer);
    const error = await failureOf(clientOf(server.url).request(create));
    expect(error).toMatchObject({ kind: 'protocol', outcomeUnknown: true, retryable: true });
    expect(error.detail).toMatch(detail);
    const lookup = await failureOf(clientOf(server.url).request(read));
    expect(lookup).toMatchObject({ kind: 'protocol', outcomeUnknown: false });
    expect(server.requests).toHaveLength(2);
  });

  it('is not followed when it is a redirect', async () => {
    const server = await startServer((response, { url }) =>
      response.writeHead(302, { location: `http://127.0.0.1:1${url}` }).end(),
    );
    const error = await failureOf(clientOf(server.url).request(read));
    expect(error).toMatchObject({ kind: 'response', status: 302, retryable: false, outcomeUnknown: false });
    expect(server.requests).toHaveLength(1);
  });

  it('keeps the status of a refusal whose body is cut off', async () => {
    const server = await startServer((response) => {
      response.writeHead(403, { 'content-length': '1000' });
      response.write('{"title":', () => response.destroy());
    });
    const error = await failureOf(clientOf(server.url).request(create));
    expect(error).toMatchObject({ kind: 'response', status: 403, title: 'Forbidden', outcomeUnknown: false });
  });
});

describe('a call that gets no answer', () => {
  it('times out on headers that do not come, not knowing whether it took effect', async () => {
    const server = await startServer(() => undefined);
    const error = await failureOf(clientOf(server.url).request({ ...create, timeoutMs: 30 }));
    expect(error).toMatchObject({ kind: 'timeout', status: null, retryable: true, outcomeUnknown: true });
  });

  it('times out on a body that does not end', async () => {
    const server = await startServer((response) => response.writeHead(201).write('{'));
    const error = await failureOf(clientOf(server.url).request({ ...create, timeoutMs: 30 }));
    expect(error).toMatchObject({ kind: 'timeout', retryable: true, outcomeUnknown: true });
  });

  it('does not know the outcome when the connection breaks after the request was sent', async () => {
    const server = await startServer((response) => response.destroy());
    const error = await failureOf(clientOf(server.url).request(create));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: true });
  });

  it('knows that nothing happened when there was no connection', async () => {
    const { server, url } = await startRawServer(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const error = await failureOf(clientOf(url).request(create));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: false });
    expect(error.message).toContain('POST /things failed');
  });

  it('stops when its caller says so', async () => {
    const stop = new AbortController();
    const server = await startServer(() => stop.abort());
    const error = await failureOf(clientOf(server.url).request({ ...read, signal: stop.signal }));
    expect(error).toMatchObject({ kind: 'timeout', title: 'Stopped by the caller', retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  it('reports an answer that is not HTTP', async () => {
    const { url } = await startRawServer((request) => void request.socket.end('220 mail.acme.com ESMTP\r\n'));
    const error = await failureOf(clientOf(url).request(read));
    expect(error.kind).toBe('protocol');
  });
});

describe('dead sockets', () => {
  it('do not outlive an invocation, even when the other side resets them', async () => {
    const sockets = new Set<{ resetAndDestroy(): unknown }>();
    const server = await startServer((response) => json(response, 201, { id: 'a' }));
    server.server.on('connection', (socket) => sockets.add(socket));
    const client = clientOf(server.url);
    const call: Call = create;
    for (let invocation = 0; invocation < 12; invocation += 1) {
      expect(await client.request({ ...call, schema: thing })).toEqual({ id: 'a' });
      await client.endInvocation();
      for (const socket of sockets) socket.resetAndDestroy();
    }
    expect(sockets.size).toBe(12);
  });

  it('are closed without disturbing requests that are under way', async () => {
    const waiting = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const server = await startServer((response) => {
      waiting.resolve();
      void answer.promise.then(() => json(response, 201, { id: 'a' }));
    });
    const client = clientOf(server.url);
    const underWay = client.request(create);
    await waiting.promise;
    await client.endInvocation();
    const closed = client.close();
    answer.resolve();
    expect(await underWay).toEqual({ id: 'a' });
    await closed;
  });
});
