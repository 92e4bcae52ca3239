import { once } from 'node:events';
import { createServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import type { SourceFailureCode } from '../../lib/source-error.ts';
import { collect, failureOf, serve, serveRaw, start } from './stranger-source.ts';
import { untrustedCertificate as certificate } from './untrusted-certificate.ts';

type Options = NonNullable<Parameters<typeof failureOf>[1]>;

/** A server that writes these bytes to every request and then closes the connection. */
async function serveText(...pieces: string[]): Promise<string> {
  const { url } = await serveRaw((socket) => {
    for (const piece of pieces) socket.write(piece);
    socket.end();
  });
  return url;
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\n';
const many = Array.from(
  { length: 1000 },
  (_value, index) => `x-filler-${index}: something of some length\r\n`,
);

describe('an answer that cannot be the file', () => {
  test.each<[string, string, SourceFailureCode, boolean]>([
    [
      'two different lengths',
      `${ok}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`,
      'SOURCE_UNUSABLE',
      false,
    ],
    [
      'a length beside chunked coding',
      `${ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      'SOURCE_UNUSABLE',
      false,
    ],
    ['a negative length', `${ok}content-length: -1\r\n\r\nhello`, 'SOURCE_UNUSABLE', false],
    ['a length of 10^15', `${ok}content-length: 1000000000000000\r\n\r\nhello`, 'SOURCE_UNUSABLE', false],
    ['a length of 10^14', `${ok}content-length: 100000000000000\r\n\r\nhello`, 'FILE_TOO_LARGE', false],
    ['a header of 64 KiB', `${ok}x-filler: ${'x'.repeat(65_536)}\r\n\r\n`, 'SOURCE_UNUSABLE', false],
    ['1,000 headers', `${ok}${many.join('')}\r\n`, 'SOURCE_UNUSABLE', false],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', 'SOURCE_UNUSABLE', false],
    [
      'a gzip coding',
      `${ok}content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello`,
      'SOURCE_UNUSABLE',
      false,
    ],
    [
      'a gzip transfer coding',
      `${ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      'SOURCE_UNUSABLE',
      false,
    ],
    ['no known end', `${ok}connection: close\r\n\r\nhello`, 'SOURCE_UNUSABLE', false],
    [
      'an unasked 206',
      'HTTP/1.1 206 Partial\r\ncontent-range: bytes 0-4/5\r\ncontent-length: 5\r\n\r\nhello',
      'SOURCE_UNUSABLE',
      false,
    ],
    ['a 204', 'HTTP/1.1 204 No Content\r\n\r\n', 'SOURCE_UNUSABLE', false],
    ['a 304', 'HTTP/1.1 304 Not Modified\r\n\r\n', 'SOURCE_UNUSABLE', false],
    ['a length of 0', `${ok}content-length: 0\r\n\r\n`, 'FILE_EMPTY', false],
    ['fewer bytes than its length', `${ok}content-length: 10\r\n\r\nhello`, 'SOURCE_UNREACHABLE', true],
    [
      'a chunked body without its end',
      `${ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      'SOURCE_UNREACHABLE',
      true,
    ],
    ['nothing', '', 'SOURCE_UNREACHABLE', true],
  ])('%s', async (_what, answer, code, retryable) => {
    expect(await failureOf(await serveText(answer))).toMatchObject({ code, retryable });
  });

  test('more bytes than its length: the surplus never becomes content', async () => {
    const url = await serveText(`${ok}content-length: 5\r\n\r\nhello, and more`);
    const outcome = await start(url).then(async (file) => (await collect(file.body)).toString(), String);
    expect(outcome === 'hello' || outcome.startsWith('SourceError')).toBe(true);
  });

  test('an identity coding is no coding', async () => {
    const url = await serveText(`${ok}content-encoding: identity\r\ncontent-length: 5\r\n\r\nhello`);
    expect((await collect((await start(url)).body)).toString()).toBe('hello');
  });
});

describe('a body that ends by closing the connection', () => {
  const closing = `${ok}connection: close\r\n\r\n`;

  test.each<[string, NonNullable<Options['expected']>]>([
    ['size', { size: 5 }],
    ['md5', { md5: '5d41402abc4b2a76b9719d911017c592' }],
    ['sha256', { sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' }],
  ])('is trusted when the event announced its %s', async (_what, expected) => {
    const file = await start(await serveText(closing, 'hello'), { expected });
    expect((await collect(file.body)).toString()).toBe('hello');
  });

  test.each<[string, NonNullable<Options['expected']>, SourceFailureCode]>([
    ['size', { size: 6 }, 'SIZE_MISMATCH'],
    ['hash', { md5: '00000000000000000000000000000000' }, 'CHECKSUM_MISMATCH'],
  ])(
    'may have been cut when its %s is wrong, so it is worth another attempt',
    async (_what, expected, code) => {
      expect(
        await failureOf(await serveText(closing, 'hello'), { expected, resumeAttempts: 0 }),
      ).toMatchObject({
        code,
        retryable: true,
      });
    },
  );
});

describe('a source that takes its time', () => {
  test('never answers: the headers time out', async () => {
    const { url } = await serveRaw(() => undefined);
    const failure = await failureOf(url, { headersTimeoutMs: 20, connectAttempts: 1 });
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
  });

  test('falls silent within the body: cut at the idle time', async () => {
    const { url } = await serveRaw((socket) => void socket.write(`${ok}content-length: 10\r\n\r\nhello`));
    const failure = await failureOf(url, { idleTimeoutMs: 20 });
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
  });

  test('drips: cut by the minimum rate, and not resumed', async () => {
    const source = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000, etag: '"v1"' });
      const drip = setInterval(() => response.write('x'), 2);
      response.on('close', () => clearInterval(drip));
    });
    const failure = await failureOf(source.url, { minimumBytesPerSecond: 10_000, minimumRateWindowMs: 30 });
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(failure.message).toContain('less than 10000 bytes per second');
    expect(source.requests).toHaveLength(1);
  });

  test('sends without end: cut at the largest size', async () => {
    const source = await serve((_request, response) => {
      const block = Buffer.alloc(65_536);
      const pour = (): void => {
        while (response.write(block));
        response.once('drain', pour);
      };
      pour();
    });
    expect(await failureOf(source.url, { maxBytes: 1_000_000 })).toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  test('is not blamed for a slow reader', async () => {
    const bytes = Buffer.alloc(4_000_000, 'x');
    const source = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    const file = await start(source.url, {
      idleTimeoutMs: 250,
      minimumBytesPerSecond: 100_000_000,
      minimumRateWindowMs: 1_000,
    });
    const chunk = await file.body.next();
    // Longer than the idle time, with the connection held back by our own buffers all the while.
    const until = performance.now() + 400;
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
    const rest = await collect(file.body);
    expect((chunk.value?.length ?? 0) + rest.length).toBe(bytes.length);
  });
});

async function failureOver(server: ReturnType<typeof createServer>) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const dispatcher = createDispatcher({ allowPrivateAddresses: true });
  onTestFinished(() => dispatcher.destroy());
  return failureOf(`https://127.0.0.1:${port}/a.pdf`, { dispatcher });
}

describe('TLS that cannot be trusted', () => {
  test('a self-signed certificate is refused', async () => {
    const server = createServer(certificate);
    server.on('tlsClientError', () => undefined);
    const failure = await failureOver(server);
    expect(failure).toMatchObject({ code: 'SOURCE_UNUSABLE', retryable: false });
    expect(failure.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('TLS 1.0 is refused', async () => {
    const server = createServer({ ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1' });
    server.on('tlsClientError', () => undefined);
    expect(await failureOver(server)).toMatchObject({ code: 'SOURCE_UNUSABLE', retryable: false });
  });
});
