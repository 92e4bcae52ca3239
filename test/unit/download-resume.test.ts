import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { collect, failureOf, serve, start } from './stranger-source.ts';

const content = randomBytes(400_000);
const sha256 = createHash('sha256').update(content).digest('hex');
const md5 = createHash('md5').update(content).digest('hex');
const cutAt = 150_000;

type Headers = Record<string, string | number>;
const strong = { etag: '"v1"' };

/** Sends the head of the content and then resets the connection once the client must have read it. */
function sendCut(response: ServerResponse, headers: Headers, from = 0, to = cutAt): void {
  response.writeHead(from === 0 ? 200 : 206, { 'content-length': content.length - from, ...headers });
  response.write(content.subarray(from, to), () => response.socket?.end());
}

function rest(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
}

function sendRest(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Headers = {},
  bytes = content,
): void {
  const from = rest(request);
  const contentRange = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(206, {
    'content-length': bytes.length - from,
    'content-range': contentRange,
    ...headers,
  });
  response.end(bytes.subarray(from));
}

/** Cut once; what comes then is up to the test. */
function serveCut(
  headers: Headers,
  then: (request: IncomingMessage, response: ServerResponse, nth: number) => void,
) {
  return serve((request, response, nth) => {
    if (nth === 1) sendCut(response, headers);
    else then(request, response, nth);
  });
}

describe('an interrupted download goes on where it was', () => {
  test.each<[string, Headers, string | undefined]>([
    ['a strong entity tag', strong, '"v1"'],
    [
      'a Last-Modified much older than the answer',
      { 'last-modified': 'Mon, 23 Nov 2026 10:00:00 GMT', date: 'Mon, 23 Nov 2026 12:00:00 GMT' },
      'Mon, 23 Nov 2026 10:00:00 GMT',
    ],
  ])('with %s, sent as If-Range', async (_what, headers, ifRange) => {
    const source = await serveCut(headers, (request, response) => sendRest(request, response, headers));
    const file = await start(source.url);
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(file.result()).toEqual({ bytes: content.length, md5, sha256 });
    expect(source.requests).toHaveLength(2);
    expect(source.requests[1]?.headers).toMatchObject({ 'if-range': ifRange, 'accept-encoding': 'identity' });
    expect(source.requests[1]?.headers.range).toMatch(/^bytes=\d+-$/);
  });

  test.each([
    ['sha256', { sha256 }],
    ['md5', { md5 }],
  ])('without a validator when the event announced a %s', async (_what, expected) => {
    const source = await serveCut({}, (request, response) => sendRest(request, response));
    const file = await start(source.url, { expected });
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(source.requests[1]?.headers).not.toHaveProperty('if-range');
  });

  test('several times, through silence, resets and busy answers', async () => {
    const delays: number[] = [];
    const source = await serve((request, response, nth) => {
      if (nth === 1) sendCut(response, strong);
      else if (nth === 2) response.writeHead(503).end();
      else if (nth === 3) request.socket.resetAndDestroy();
      else if (nth === 4) {
        const from = rest(request);
        const contentRange = `bytes ${from}-${content.length - 1}/${content.length}`;
        sendCut(response, { ...strong, 'content-range': contentRange }, from, from + 50_000);
      } else sendRest(request, response, strong);
    });
    const file = await start(source.url, {
      random: () => 1,
      sleep: async (delayMs) => void delays.push(delayMs),
    });
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(source.requests).toHaveLength(5);
    expect(delays).toEqual([200, 400]);
  });

  test('after a chunked beginning, to the total that the rest declares', async () => {
    const source = await serve((request, response, nth) => {
      if (nth > 1) return sendRest(request, response, strong);
      response.writeHead(200, strong);
      return void response.write(content.subarray(0, cutAt), () => response.socket?.end());
    });
    const file = await start(source.url);
    expect(content.equals(await collect(file.body))).toBe(true);
  });

  test('through the redirects of the URL, whose links may be fresh ones', async () => {
    const source = await serve((request, response, nth) => {
      if (request.url === '/files/report.pdf') response.writeHead(302, { location: `/link-${nth}` }).end();
      else if (nth === 2) sendCut(response, strong);
      else sendRest(request, response, strong);
    });
    const file = await start(source.url);
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(source.requests.map((request) => request.url)).toEqual([
      '/files/report.pdf',
      '/link-1',
      '/files/report.pdf',
      '/link-3',
    ]);
  });
});

describe('an interrupted download that cannot be proven to be the same is not spliced', () => {
  test.each<[string, Headers]>([
    ['no validator', {}],
    ['a weak entity tag', { etag: 'W/"v1"' }],
    [
      'a weak entity tag beside an old Last-Modified',
      { etag: 'W/"v1"', 'last-modified': 'Mon, 23 Nov 2020 10:00:00 GMT' },
    ],
    ['a Last-Modified within the same minute', { 'last-modified': new Date().toUTCString() }],
    ['Accept-Ranges: none', { ...strong, 'accept-ranges': 'none' }],
  ])('with %s there is no second request', async (_what, headers) => {
    const source = await serveCut(headers, (request, response) => sendRest(request, response));
    expect(await failureOf(source.url)).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(source.requests).toHaveLength(1);
  });

  const last = content.length - 1;
  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    [
      'a 200, because the file changed',
      (_request, response) => void response.writeHead(200, strong).end(content),
    ],
    [
      'a 416',
      (_request, response) => void response.writeHead(416, { 'content-range': `bytes */${cutAt}` }).end(),
    ],
    ['another entity tag', (request, response) => sendRest(request, response, { etag: '"v2"' })],
    ['a weak entity tag', (request, response) => sendRest(request, response, { etag: 'W/"v1"' })],
    [
      'another offset',
      (request, response) =>
        sendRest(request, response, { 'content-range': `bytes 0-${last}/${content.length}` }),
    ],
    [
      'another total',
      (request, response) => sendRest(request, response, strong, Buffer.concat([content, content])),
    ],
    [
      'an unknown total',
      (request, response) =>
        sendRest(request, response, { 'content-range': `bytes ${rest(request)}-${last}/*` }),
    ],
    [
      'less than the rest',
      (request, response) =>
        sendRest(request, response, {
          'content-range': `bytes ${rest(request)}-${last - 1}/${content.length}`,
        }),
    ],
    ['no Content-Range', (_request, response) => void response.writeHead(206, strong).end(content)],
    [
      'several ranges',
      (_request, response) =>
        void response.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' }).end('--x'),
    ],
    ['a content coding', (request, response) => sendRest(request, response, { 'content-encoding': 'gzip' })],
  ])('with %s the download fails and may be tried anew', async (_what, answer) => {
    const source = await serveCut(strong, answer);
    const failure = await failureOf(source.url);
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(failure.message).toContain('does not offer the rest of the same file');
    expect(source.requests).toHaveLength(2);
  });

  test('with more than the rest, the surplus is an error', async () => {
    const source = await serveCut(strong, (request, response) => {
      const range = `bytes ${rest(request)}-${last}/${content.length}`;
      response.writeHead(206, { ...strong, 'content-range': range });
      response.write(content.subarray(rest(request)));
      response.end('surplus');
    });
    expect(await failureOf(source.url)).toMatchObject({ code: 'SIZE_MISMATCH', retryable: true });
  });

  test('with less than the rest, whatever its headers promise, it is resumed once more', async () => {
    const source = await serveCut(strong, (request, response, nth) => {
      if (nth === 3) return sendRest(request, response, strong);
      const range = `bytes ${rest(request)}-${last}/${content.length}`;
      response.writeHead(206, { ...strong, 'content-range': range });
      return void response.end(content.subarray(rest(request), rest(request) + 1000));
    });
    const file = await start(source.url);
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(source.requests).toHaveLength(3);
  });

  test('with changed bytes behind the same promises, the announced hash finds out', async () => {
    const source = await serveCut({}, (request, response) =>
      sendRest(request, response, {}, randomBytes(content.length)),
    );
    const failure = await failureOf(source.url, { expected: { sha256 } });
    expect(failure).toMatchObject({ code: 'CHECKSUM_MISMATCH', retryable: true });
  });
});

describe('an interrupted download is given up', () => {
  test('after as many ranged requests as allowed', async () => {
    const source = await serveCut(strong, (request) => request.socket.resetAndDestroy());
    expect(await failureOf(source.url, { resumeAttempts: 4 })).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retryable: true,
    });
    expect(source.requests).toHaveLength(5);
  });

  test('at once when the link has expired meanwhile', async () => {
    const source = await serveCut(
      strong,
      (_request, response) => void response.writeHead(403).end('Request has expired'),
    );
    expect(await failureOf(source.url)).toMatchObject({ code: 'SOURCE_URL_EXPIRED', retryable: false });
    expect(source.requests).toHaveLength(2);
  });

  test('at once when the source asks for a long pause', async () => {
    const source = await serveCut(strong, (_request, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
    });
    expect(await failureOf(source.url)).toMatchObject({ retryable: true, retryAfterSeconds: 60 });
    expect(source.requests).toHaveLength(2);
  });

  test('by an abort while it waits for the next attempt', async () => {
    const abort = new AbortController();
    const source = await serveCut(strong, (_request, response) => void response.writeHead(503).end());
    const file = await start(source.url, {
      signal: abort.signal,
      sleep: async (_delayMs, signal) => {
        abort.abort(new Error('out of time'));
        signal?.throwIfAborted();
      },
    });
    await expect(collect(file.body)).rejects.toThrow('out of time');
  });
});
