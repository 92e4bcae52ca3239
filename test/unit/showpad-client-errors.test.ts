import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseRetryAfter, ShowpadError } from '../../lib/showpad/errors.ts';
import { path } from '../../lib/showpad/path.ts';
import { queryString } from '../../lib/showpad/query-string.ts';
import { redact } from '../../lib/showpad/redact.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const call = {
  method: 'POST',
  path: path`/things`,
  operation: 'POST /things',
  schema: z.object({ id: z.string() }),
} as const;

describe('a problem of API v4', () => {
  const published = { title: 'Bad Request', detail: 'Not good.', status: 400 };
  const fault = { name: 'name', reason: 'is required', category: 'ValidationError' };
  it.each([
    ['a list', { ...published, meta: [fault] }, [fault]],
    [
      'a single object, with the status as text',
      { ...published, status: '400', type: '/problems/x', meta: fault },
      [fault],
    ],
    ['null', { ...published, type: null, meta: null }, []],
    ['absent', published, []],
    ['of another shape', { ...published, meta: 'odd' }, []],
    [
      'partly filled',
      { ...published, meta: [{ name: 'name' }] },
      [{ name: 'name', reason: '', category: '' }],
    ],
  ])('is read when its meta is %s', async (_name, body, problems) => {
    const server = await startServer((response) => json(response, 400, body));
    const error = await failureOf(clientOf(server.url).request({ ...call, api: 'v4' }));
    expect(error).toMatchObject({ status: 400, title: 'Bad Request', detail: 'Not good.', problems });
  });

  it.each([
    ['HTML', '<h1>Bad Gateway</h1>'],
    ['nothing', ''],
    ['a JSON list', '[1]'],
    ['JSON null', 'null'],
  ])('is named by its status when the body is %s', async (_name, body) => {
    const server = await startServer((response) => response.writeHead(502).end(body));
    const error = await failureOf(clientOf(server.url).request({ ...call, api: 'v4' }));
    expect(error).toMatchObject({ status: 502, title: 'Bad Gateway', detail: '', kind: 'response' });
  });

  it('tells operation, status, reason and fields in its message', () => {
    const error = new ShowpadError({
      operation: 'POST /assets',
      kind: 'response',
      status: 400,
      title: 'Bad Request',
      detail: 'Not good.',
      problems: [fault],
    });
    expect(error.message).toBe(
      'POST /assets failed with status 400: Bad Request – Not good. – name: is required',
    );
  });
});

async function answering(status: number, body: unknown) {
  const server = await startServer((response) => json(response, status, body));
  return { server, client: clientOf(server.url) };
}

describe('an answer of API v3', () => {
  it('is unwrapped from its envelope', async () => {
    const { server, client } = await answering(201, { meta: { code: 201 }, response: { id: 'a' } });
    expect(await client.request({ ...call, api: 'v3' })).toEqual({ id: 'a' });
    expect(server.requests[0]?.url).toBe('/api/v3/things');
  });

  it.each([
    ['with its HTTP status', 409],
    ['under HTTP 200', 200],
  ])('may be a failure %s', async (_name, status) => {
    const { client } = await answering(status, {
      meta: { code: '409', message: 'Conflict' },
      response: { code: 4009, name: 'NotUniqueValidationError', message: 'It exists already.' },
    });
    expect(await failureOf(client.request({ ...call, api: 'v3' }))).toMatchObject({
      status: 409,
      title: 'NotUniqueValidationError',
      detail: 'It exists already.',
      problems: [{ name: '4009', reason: 'It exists already.', category: 'NotUniqueValidationError' }],
      retryable: false,
      outcomeUnknown: false,
    });
  });

  it('may be a failure without meta, or with nothing but meta', async () => {
    const bare = await answering(403, { response: { code: 3008, name: 'ResourceNotModifiableError' } });
    expect(await failureOf(bare.client.request({ ...call, api: 'v3' }))).toMatchObject({
      status: 403,
      title: 'ResourceNotModifiableError',
    });
    const empty = await answering(200, { meta: { code: 500, message: 'Broken' } });
    expect(await failureOf(empty.client.request({ ...call, api: 'v3' }))).toMatchObject({
      status: 500,
      detail: 'Broken',
      retryable: true,
      outcomeUnknown: true,
    });
  });

  it('is a protocol error when a success has no envelope', async () => {
    const { client } = await answering(200, { id: 'a' });
    expect(await failureOf(client.request({ ...call, api: 'v3' }))).toMatchObject({ kind: 'protocol' });
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  it.each([
    ['7', 7],
    [' 7 ', 7],
    ['0', 1],
    ['99999', 900],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 1],
    ['Tue, 24 Nov 2026 12:00:00 GMT', 900],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    [undefined, null],
  ])('%j means %j seconds', (value, seconds) => {
    expect(parseRetryAfter(value, now)).toBe(seconds);
  });
});

describe('text for logs', () => {
  it.each([
    [
      'GET https://x.s3.amazonaws.com/a?X-Amz-Signature=abc failed',
      'GET https://x.s3.amazonaws.com/a?… failed',
    ],
    ['No user jo.doe+x@example.com here', 'No user …@… here'],
    ['Bearer abc.def-123 expired', 'Bearer … expired'],
    ['one\r\ntwo\u0000', 'one two '],
    ['x'.repeat(9999), 'x'.repeat(500)],
  ])('%j becomes %j', (text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });
});

describe('paths and queries', () => {
  it('encode what they are given', () => {
    expect(path`/assets/${'a/b ü?#'}/files/${'x'}`).toBe('/assets/a%2Fb%20%C3%BC%3F%23/files/x');
    expect(queryString({})).toBe('');
  });

  it.each(['', '.', '..'])('refuse %j as a part of a path', (value) => {
    expect(() => path`/assets/${value}/files`).toThrow(RangeError);
  });

  it('refuse a comma in a list', () => {
    expect(() => queryString({ externalIds: ['a,b'] })).toThrow(/externalIds/);
  });
});

describe('an invocation whose time is over', () => {
  it('starts no request any more, although its process woke up again', async () => {
    const server = await startServer((response) => json(response, 200, { id: 'a' }));
    let leftMs = 1_000;
    const client = clientOf(server.url).during(() => leftMs);
    await expect(client.request({ ...call, api: 'v4' })).resolves.toEqual({ id: 'a' });
    leftMs = 0;
    const error = await failureOf(client.request({ ...call, api: 'v4' }));
    expect(error).toMatchObject({
      title: 'Too late',
      kind: 'timeout',
      outcomeUnknown: false,
      retryable: true,
    });
    await failureOf(client.withDispatcher(() => Promise.resolve()));
    expect(server.requests).toHaveLength(1);
  });
});
