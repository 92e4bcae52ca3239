import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { SourceFailureCode } from '../../lib/source-error.ts';
import { collect, failureOf, serve, start } from './stranger-source.ts';

const content = randomBytes(3_000_000);
const md5 = createHash('md5').update(content).digest('hex');
const sha256 = createHash('sha256').update(content).digest('hex');

function sendWhole(response: ServerResponse, bytes: Buffer = content): void {
  response.writeHead(200, { 'content-type': 'Application/PDF; charset=x', 'content-length': bytes.length });
  response.end(bytes);
}

function servePage(body: string | string[]) {
  return serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    for (const piece of [body].flat()) response.write(piece);
    response.end();
  });
}

async function serveEndlessly() {
  let closed: Promise<unknown> = Promise.resolve();
  const source = await serve((_request, response) => {
    closed = once(response, 'close');
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 100_000));
  });
  return { url: source.url, closed: () => closed };
}

describe('a good file', () => {
  test('arrives whole, with its size, media type and digests', async () => {
    const source = await serve((_request, response) => sendWhole(response));
    const file = await start(source.url, {
      expected: { size: content.length, md5, sha256: sha256.toUpperCase() },
    });

    expect(file.size).toBe(content.length);
    expect(file.mediaType).toBe('application/pdf');
    expect(() => file.result()).toThrow('has not been read to its end');
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(file.result()).toEqual({ bytes: content.length, md5, sha256 });
  });

  test('is asked for by one GET without coding or credentials', async () => {
    const source = await serve((_request, response) => sendWhole(response));
    await collect((await start(source.url)).body);

    expect(source.requests).toHaveLength(1);
    expect(source.requests[0]?.method).toBe('GET');
    expect(source.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(source.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(source.requests[0]?.headers).not.toHaveProperty('range');
  });

  test.each([
    ['image/svg+xml', 'image/svg+xml'],
    ['text/plain;charset=utf-8', 'text/plain'],
    ['pdf', null],
    ['a/b, c/d', null],
    ['', null],
  ])('of the content type "%s" has the media type %s', async (answered, mediaType) => {
    const source = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': answered, 'content-length': 1 }).end('x');
    });
    const file = await start(source.url);
    file.discard();
    expect(file.mediaType).toBe(mediaType);
  });

  test('may come in chunked coding, its size then known from the event only', async () => {
    const source = await serve((_request, response) => {
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
    });
    const unannounced = await start(source.url);
    expect(unannounced.size).toBeNull();
    expect(content.equals(await collect(unannounced.body))).toBe(true);
    const announced = await start(source.url, { expected: { size: content.length } });
    expect(announced.size).toBe(content.length);
    expect(content.equals(await collect(announced.body))).toBe(true);
  });
});

describe('a file that is not what was announced', () => {
  const half = content.subarray(0, 1000);

  test.each<[string, Parameters<typeof failureOf>[1], number, SourceFailureCode]>([
    ['empty', {}, 0, 'FILE_EMPTY'],
    ['larger than accepted', { maxBytes: 999 }, 1000, 'FILE_TOO_LARGE'],
    ['longer than announced', { expected: { size: 999 } }, 1000, 'SIZE_MISMATCH'],
    ['shorter than announced', { expected: { size: 1001 } }, 1000, 'SIZE_MISMATCH'],
    ['of another md5', { expected: { md5 } }, 1000, 'CHECKSUM_MISMATCH'],
    ['of another sha256', { expected: { sha256 } }, 1000, 'CHECKSUM_MISMATCH'],
  ])(
    'is refused for good when it is %s, with and without a Content-Length',
    async (_how, options, bytes, code) => {
      const withLength = await serve((_request, response) => sendWhole(response, half.subarray(0, bytes)));
      const chunked = await serve((_request, response) => {
        response.flushHeaders();
        if (bytes > 0) response.write(half.subarray(0, bytes));
        response.end();
      });
      expect(await failureOf(withLength.url, options)).toMatchObject({ code, retryable: false });
      expect(await failureOf(chunked.url, options)).toMatchObject({ code, retryable: false });
      expect(withLength.requests).toHaveLength(1);
    },
  );

  test('is refused before a request when the event itself announces too much or nothing', async () => {
    const source = await serve((_request, response) => sendWhole(response));
    expect(await failureOf(source.url, { maxBytes: 10, expected: { size: 11 } })).toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
    expect(await failureOf(source.url, { expected: { size: 0 } })).toMatchObject({ code: 'FILE_EMPTY' });
    expect(source.requests).toHaveLength(0);
  });

  test('has no result, although all its bytes were read', async () => {
    const source = await serve((_request, response) => sendWhole(response, half));
    const file = await start(source.url, { expected: { md5 } });
    await expect(collect(file.body)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    expect(() => file.result()).toThrow('has not been read to its end');
  });
});

describe('a web page in place of a file', () => {
  const page = '\n <!DOCTYPE HTML><html><body>Please sign in</body></html>';

  test.each([
    ['another name', { name: 'Report.PDF' }],
    ['another media type', { mediaType: 'application/pdf' }],
    ['another name, whatever type of bytes', { name: 'deck.pptx', mediaType: 'application/octet-stream' }],
  ])('is refused when the event announced %s', async (_what, expected) => {
    const source = await servePage(page);
    const failure = await failureOf(source.url, { expected });
    expect(failure).toMatchObject({ code: 'SOURCE_UNUSABLE', retryable: false });
    expect(failure.message).toContain('login page');
  });

  test.each([
    ['is named so', { name: 'page.html' }],
    ['has that media type', { mediaType: 'text/html;charset=utf-8' }],
    ['has no announced kind', { name: 'page' }],
    ['has nothing announced', {}],
  ])('is a file like any other when it %s', async (_how, expected) => {
    const source = await servePage(page);
    const file = await start(source.url, { expected });
    expect((await collect(file.body)).toString()).toBe(page);
  });

  test.each([
    ['%PDF-1.7 and so on', 'file.pdf'],
    ['%PDF-'.padEnd(2000, 'x'), 'file.pdf'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'file.svg'],
  ])('is told from a file that is only called text/html: %.20s', async (bytes, name) => {
    const source = await servePage(bytes);
    const file = await start(source.url, { expected: { name } });
    expect((await collect(file.body)).toString()).toBe(bytes);
  });

  test('is known even when it comes byte by byte', async () => {
    const source = await servePage(page.split(''));
    expect(await failureOf(source.url, { expected: { name: 'a.pdf' } })).toMatchObject({
      code: 'SOURCE_UNUSABLE',
    });
  });
});

describe('a transient failure of the first answer', () => {
  test('is tried again within seconds', async () => {
    const delays: number[] = [];
    const source = await serve((request, response, nth) => {
      if (nth === 1) request.socket.resetAndDestroy();
      else if (nth === 2) response.writeHead(503, { 'retry-after': '1' }).end();
      else sendWhole(response);
    });
    const file = await start(source.url, {
      random: () => 0.5,
      sleep: async (delayMs) => void delays.push(delayMs),
    });
    expect(content.equals(await collect(file.body))).toBe(true);
    expect(delays).toEqual([100, 1000]);
  });

  test('is handed back, retryable, after three attempts', async () => {
    const source = await serve((_request, response) => void response.writeHead(500).end());
    expect(await failureOf(source.url)).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(source.requests).toHaveLength(3);
  });

  test('is handed back at once when the source asks for more patience', async () => {
    const source = await serve(
      (_request, response) => void response.writeHead(429, { 'retry-after': '120' }).end(),
    );
    expect(await failureOf(source.url)).toMatchObject({ retryable: true, retryAfterSeconds: 120 });
    expect(source.requests).toHaveLength(1);
  });
});

describe('giving up', () => {
  test('a download that is discarded closes its connection', async () => {
    const source = await serveEndlessly();
    const file = await start(source.url);
    file.discard();
    await source.closed();
  });

  test('a reader that stops early closes the connection', async () => {
    const source = await serveEndlessly();
    const file = await start(source.url);
    for await (const _chunk of file.body) break;
    await source.closed();
  });

  test('an abort ends the reading with its own reason', async () => {
    const source = await serveEndlessly();
    const abort = new AbortController();
    const file = await start(source.url, { signal: abort.signal, expected: { sha256 } });
    const reading = collect(file.body);
    abort.abort(new Error('out of time'));
    await expect(reading).rejects.toThrow('out of time');
    await source.closed();
  });

  test('an abort ends the waiting for an answer with its own reason', async () => {
    const abort = new AbortController();
    const source = await serve(() => abort.abort(new Error('out of time')));
    await expect(start(source.url, { signal: abort.signal })).rejects.toThrow('out of time');
    expect(source.requests).toHaveLength(1);
  });
});
