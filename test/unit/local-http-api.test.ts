import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startHttpApi } from '../../local/http-api.ts';
import { matchRoute } from '../../local/http-api-routes.ts';
import type { InvocationResult } from '../../local/lambda.ts';
import type { Listening } from '../../local/listen.ts';
import { handler } from '../fixtures/local/functions/answer.ts';

const routes = ['GET /jobs', 'GET /jobs/{id}', 'GET /jobs/newest', 'GET /assets/{source}/{subject+}'].map(
  (routeKey) => ({
    functionName: routeKey,
    routeKey,
  }),
);
let api: Listening;
let events: APIGatewayProxyEventV2[];

const eventSchema = z.custom<APIGatewayProxyEventV2>();
const invoke = async (_name: string, event: unknown): Promise<InvocationResult> => {
  const plain = eventSchema.parse(JSON.parse(JSON.stringify(event)));
  events.push(plain);
  try {
    return await Promise.resolve({ ok: true, payload: handler(plain) ?? null });
  } catch {
    return { ok: false, errorType: 'Error', errorMessage: 'failed' };
  }
};

beforeEach(async () => {
  events = [];
  api = await startHttpApi(
    [
      { functionName: 'answer', routeKey: 'POST /answer/{how}' },
      { functionName: 'answer', routeKey: 'GET /answer/{how}' },
      { functionName: 'answer', routeKey: 'GET /assets/{source}/{subject+}' },
    ],
    invoke,
    0,
  );
});
afterEach(async () => {
  await api.close();
});

describe('the event of an HTTP API', () => {
  it('has the shape of payload format 2.0', async () => {
    await request(`${api.url}/answer/echo%20it?b=2&a=1&a=x%20y&empty=`, {
      method: 'POST',
      headers: Object.entries({
        'Content-Type': 'application/json; charset=utf-8',
        'X-Twice': 'one',
        'x-twice': 'two',
        Cookie: 'a=1; b=2',
        'User-Agent': 'tester',
      }).flat(),
      body: '{"text":"é"}',
    });
    const host = new URL(api.url).host;
    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: 'POST /answer/{how}',
        rawPath: '/answer/echo it',
        rawQueryString: 'b=2&a=1&a=x%20y&empty=',
        cookies: ['a=1', 'b=2'],
        headers: {
          connection: 'keep-alive',
          'content-length': '13',
          'content-type': 'application/json; charset=utf-8',
          host,
          'user-agent': 'tester',
          'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/) as unknown,
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-port': host.split(':')[1],
          'x-forwarded-proto': 'http',
          'x-twice': 'one,two',
        },
        queryStringParameters: { b: '2', a: '1,x y', empty: '' },
        requestContext: {
          accountId: '000000000000',
          apiId: 'local',
          domainName: host,
          domainPrefix: '127',
          http: {
            method: 'POST',
            path: '/answer/echo it',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'tester',
          },
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
          routeKey: 'POST /answer/{how}',
          stage: '$default',
          time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/) as unknown,
          timeEpoch: expect.any(Number) as unknown,
        },
        pathParameters: { how: 'echo it' },
        body: '{"text":"é"}',
        isBase64Encoded: false,
      },
    ]);
  });

  it.each([
    ['application/json', false],
    ['text/csv', false],
    ['Application/XML; charset=utf-8', false],
    ['application/javascript', false],
    ['application/cloudevents+json', true],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('carries a body of type %s as base64: %s', async (contentType, isBase64Encoded) => {
    await request(`${api.url}/answer/echo`, {
      method: 'POST',
      headers: contentType === undefined ? {} : { 'content-type': contentType },
      body: Buffer.from('{"a":1}'),
    });
    const body = isBase64Encoded ? 'eyJhIjoxfQ==' : '{"a":1}';
    expect(events[0]).toMatchObject({ body, isBase64Encoded });
  });

  it('leaves out what the request does not have', async () => {
    await request(`${api.url}/answer/echo`);
    for (const key of ['body', 'cookies', 'queryStringParameters']) expect(events[0]).not.toHaveProperty(key);
    expect(events[0]?.isBase64Encoded).toBe(false);
  });

  it('decodes greedy path variables', async () => {
    await request(`${api.url}/assets/demo/a%2Fb/c%20%C3%A9`);
    expect(events[0]?.pathParameters).toEqual({ source: 'demo', subject: 'a/b/c é' });
  });
});

describe('the answer of an HTTP API', () => {
  it.each([
    ['text', 200, 'application/json', 'plain'],
    ['environment', 200, 'application/json', '{}'],
    ['echo', 200, 'application/json', '"version":"2.0"'],
    ['malformed', 500, 'application/json', '{"message":"Internal Server Error"}'],
    ['broken', 500, 'application/json', '{"message":"Internal Server Error"}'],
  ])('for a handler that answers with %s is %i', async (how, status, contentType, part) => {
    const { statusCode, headers, body } = await request(`${api.url}/answer/${how}`);
    expect(statusCode).toBe(status);
    expect(headers['content-type']).toBe(contentType);
    expect(await body.text()).toContain(part);
  });

  it('takes bytes, headers and cookies from the handler', async () => {
    const { statusCode, headers, body } = await request(`${api.url}/answer/binary`);
    expect(statusCode).toBe(201);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'x-count': '3',
      'set-cookie': ['a=1', 'b=2; Path=/'],
    });
    expect([...new Uint8Array(await body.arrayBuffer())]).toEqual([0, 255]);
  });

  it('has no body for 204', async () => {
    const { statusCode, headers } = await request(`${api.url}/answer/nothing`);
    expect(statusCode).toBe(204);
    expect(headers).not.toHaveProperty('content-length');
  });

  it.each([
    ['an unknown path', 'GET', '/nothing'],
    ['an unknown method', 'DELETE', '/answer/echo'],
  ] as const)('is 404 for %s', async (_what, method, path) => {
    const { statusCode, body } = await request(`${api.url}${path}`, { method });
    expect(statusCode).toBe(404);
    expect(await body.json()).toEqual({ message: 'Not Found' });
  });

  it('is 400 for a path that cannot be decoded', async () => {
    expect((await request(`${api.url}/answer/%ff`)).statusCode).toBe(400);
  });

  it.each([
    ['10 MB', 10 * 1024 ** 2 + 1],
    ['what fits into an event', 6 * 1024 ** 2],
  ])('is 413 for a body over %s, and the handler is not asked', async (_what, bytes) => {
    const { statusCode, body } = await request(`${api.url}/answer/echo`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: Buffer.alloc(bytes, 'a'),
    });
    expect(statusCode).toBe(413);
    expect(await body.json()).toEqual({ message: 'Request Entity Too Large' });
    expect(events).toEqual([]);
  });

  it('is 431 for headers over 10,240 bytes', async () => {
    const { statusCode } = await request(`${api.url}/answer/echo`, {
      headers: { 'x-long': 'a'.repeat(10_240) },
    });
    expect(statusCode).toBe(431);
    expect(events).toEqual([]);
  });

  it('is 400 for what is no HTTP', async () => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.end('nonsense\r\n\r\n');
    expect(await text(socket)).toContain('400 Bad Request');
  });
});

describe('a route', () => {
  it.each([
    ['GET', '/jobs', 'GET /jobs', {}],
    ['GET', '/jobs/newest', 'GET /jobs/newest', {}],
    ['GET', '/jobs/job_1', 'GET /jobs/{id}', { id: 'job_1' }],
    ['GET', '/assets/a/b', 'GET /assets/{source}/{subject+}', { source: 'a', subject: 'b' }],
  ])('for %s %s is the most exact one, %s', (method, path, routeKey, pathParameters) => {
    expect(matchRoute(routes, method, path)).toEqual({
      route: { functionName: routeKey, routeKey },
      pathParameters,
    });
  });

  it.each(['/jobs/', '/jobs/a/b', '/assets/a', '/assets/a/', '/', '/jobsx'])(
    'is not found for %s',
    (path) => {
      expect(matchRoute(routes, 'GET', path)).toBeUndefined();
    },
  );
});

it('says what to do when its port is taken', async () => {
  const port = Number(new URL(api.url).port);
  await expect(startHttpApi([], invoke, port)).rejects.toThrow(
    `Port ${port} is in use. Set PORT to another one`,
  );
});
