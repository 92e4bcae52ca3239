import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { uploadBinary } from '../../lib/showpad/upload.ts';
import { clientOf, failureOf, startRawServer, startServer } from './showpad-client-server.ts';
import { contentMD5, pdf, stalling, uploadOf } from './showpad-upload.ts';

function storageError(response: ServerResponse, status: number, code: string, message = 'Said so.'): void {
  const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message><StringToSign>canary</StringToSign></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
}

describe('an upload', () => {
  it('is told to the observer, with the status of its answer or none', async () => {
    const told: unknown[] = [];
    const server = await startServer((response, { url }) => {
      if (url.endsWith('/refused')) storageError(response, 403, 'AccessDenied');
      else response.end();
    });
    const client = clientOf(server.url, { onResponse: (one) => told.push(one), now: () => 5 });
    await uploadBinary(client, uploadOf(`${server.url}/taken`, ['0123456789']));
    await failureOf(uploadBinary(client, uploadOf(`${server.url}/refused`, ['0123456789'])));
    await failureOf(uploadBinary(client, uploadOf(`${server.url}/short`, ['01234'])));
    const upload = { api: null, operation: 'PUT upload link', durationMs: 0 };
    expect(told).toEqual([
      { ...upload, status: 200 },
      { ...upload, status: 403 },
      { ...upload, status: null },
    ]);
  });

  it('is one PUT of exactly the bytes, with the headers that the link asks for and no token', async () => {
    const server = await startServer((response) => response.end());
    const link = `${server.url}/bucket/key?X-Amz-Signature=s%2Bs&X-Amz-SignedHeaders=content-type%3Bhost`;
    const body = uploadOf(link, ['hello', ' wor', 'ld']);
    await uploadBinary(clientOf(server.url), { ...body, size: 11 });
    expect(server.requests).toHaveLength(1);
    const [put] = server.requests;
    expect(put).toMatchObject({ method: 'PUT', url: link.slice(server.url.length), body: 'hello world' });
    expect(put?.headers).toMatchObject({
      'content-length': '11',
      'content-type': pdf,
      'content-md5': contentMD5,
    });
    for (const name of ['authorization', 'expect', 'transfer-encoding'])
      expect(put?.headers).not.toHaveProperty(name);
  });

  it.each([
    ['no parameters at all', '', { 'x-amz-meta-origin': 'api' }],
    ['the header signed', '?X-Amz-SignedHeaders=host%3Bx-amz-meta-origin', { 'x-amz-meta-origin': 'api' }],
    ['the plain header signed', '?X-Amz-SignedHeaders=host%3Borigin', { origin: 'api' }],
    ['the header not signed', '?X-Amz-SignedHeaders=content-type%3Bhost', {}],
    ['the metadata in the query', '?X-Amz-SignedHeaders=host&x-amz-meta-Origin=api', {}],
    ['the metadata in the query, unsigned', '?x-amz-meta-origin=api', {}],
  ])('sends metadata as the link wants it: %s', async (_name, query, expected) => {
    const server = await startServer((response) => response.end());
    const uploadUrl = `${server.url}/key${query}`;
    const uploadMeta = { uploadUrl, suggestedContentType: pdf, metadata: { origin: 'api' } };
    await uploadBinary(clientOf(server.url), uploadOf(uploadUrl, ['0123456789'], { uploadMeta }));
    const sent = Object.entries(server.requests[0]?.headers ?? {});
    expect(Object.fromEntries(sent.filter(([name]) => /^x-amz|origin/.test(name)))).toEqual(expected);
  });

  it('passes chunks of any size on whole', async () => {
    const server = await startServer((response) => response.end());
    const content = Buffer.from(Array.from({ length: 5 * 1024 * 1024 }, (_, index) => (index * 7) % 251));
    const hash = createHash('sha256');
    const sink = await startRawServer((request, response) => {
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => response.end());
    });
    const chunks = [
      content.subarray(0, 1),
      content.subarray(1, 1),
      content.subarray(1, 3_000_001),
      content.subarray(3_000_001),
    ];
    await uploadBinary(clientOf(server.url), uploadOf(sink.url, chunks, { size: content.length }));
    expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
  });

  it.each([
    ['too few', ['01234', '5678']],
    ['none', []],
    ['too many, in the last chunk', ['01234', '567890']],
    ['too many, after the last chunk', ['01234', '56789', '0']],
  ])('of %s bytes is never completed', async (_name, chunks) => {
    let completed = 0;
    const server = await startRawServer((request, response) => {
      request.resume().on('error', () => undefined);
      request.on('end', () => {
        completed += 1;
        response.end();
      });
    });
    const error = await failureOf(uploadBinary(clientOf(server.url), uploadOf(server.url, chunks)));
    expect(error).toMatchObject({ title: 'LengthMismatch', retryable: false, outcomeUnknown: false });
    expect(completed).toBe(0);
  });

  it('reports a source that fails as such, to be tried again', async () => {
    const body = stalling('01234', '5');
    const server = await startRawServer((request) => {
      request.once('data', () => body.destroy(new Error('The bucket hung up.')));
    });
    const error = await failureOf(uploadBinary(clientOf(server.url), uploadOf(server.url, body)));
    expect(error).toMatchObject({ title: 'SourceFailed', retryable: true, outcomeUnknown: false });
    expect(error.detail).toContain('The bucket hung up.');
  });

  it('survives a source that fails before it is read', async () => {
    const body = stalling('01234');
    const server = await startRawServer((request) => void request.resume());
    const upload = uploadBinary(clientOf(server.url), uploadOf(server.url, body));
    body.destroy(new Error('The bucket hung up.'));
    expect(await failureOf(upload)).toMatchObject({ title: 'SourceFailed', outcomeUnknown: false });
  });

  it('lets its source go when there is no connection', async () => {
    const { server, url } = await startRawServer(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const upload = uploadOf(url, stalling('01234'));
    const error = await failureOf(uploadBinary(clientOf(url), upload));
    expect(error).toMatchObject({ kind: 'network', retryable: true, outcomeUnknown: false });
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it('that is stopped before it begins sends nothing', async () => {
    const server = await startServer((response) => response.end());
    const upload = uploadOf(server.url, stalling('01234'), { signal: AbortSignal.abort() });
    const error = await failureOf(uploadBinary(clientOf(server.url), upload));
    expect(error).toMatchObject({ title: 'Stopped by the caller', outcomeUnknown: false });
    expect(upload.body).toHaveProperty('destroyed', true);
    expect(server.requests).toHaveLength(0);
  });

  it.each([0, -1, 1.5, Number.NaN])('of %d bytes is refused', async (size) => {
    const upload = uploadOf('http://127.0.0.1:9/', ['x'], { size });
    await expect(uploadBinary(clientOf('http://127.0.0.1:9'), upload)).rejects.toThrow(RangeError);
  });
});

describe('an upload link', () => {
  it.each([
    'http://cdn.acme.com/a',
    'https://169.254.169.254/a',
    'https://127.0.0.1/a',
    'ftp://cdn.acme.com/a',
  ])('that points to %s is refused, and the body let go', async (url) => {
    const client = clientOf('http://127.0.0.1:9', { allowPrivateAddresses: false });
    const upload = uploadOf(`${url}?X-Amz-Signature=canary`, ['0123456789']);
    const error = await failureOf(uploadBinary(client, upload));
    expect(error).toMatchObject({ kind: 'protocol', retryable: false, outcomeUnknown: false });
    expect(error.message).not.toContain('canary');
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it('is not left for another one', async () => {
    const elsewhere = await startServer((response) => response.end());
    const server = await startServer((response) => {
      response.setHeader('location', elsewhere.url);
      storageError(response, 307, 'TemporaryRedirect');
    });
    const error = await failureOf(uploadBinary(clientOf(server.url), uploadOf(server.url, ['0123456789'])));
    expect(error).toMatchObject({ status: 307, title: 'TemporaryRedirect', retryable: true });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it.each([
    [403, 'AccessDenied', false, false],
    [403, 'SignatureDoesNotMatch', false, false],
    [400, 'BadDigest', false, false],
    [400, 'RequestTimeout', true, false],
    [503, 'SlowDown', true, true],
    [500, 'InternalError', true, true],
  ])('that answers %i %s is reported by that code', async (status, title, retryable, outcomeUnknown) => {
    const server = await startServer((response) => storageError(response, status, title));
    const upload = uploadOf(`${server.url}/key?X-Amz-Signature=canary`, ['0123456789']);
    const error = await failureOf(uploadBinary(clientOf(server.url), upload));
    expect(error).toMatchObject({ operation: 'PUT upload link', status, title, detail: 'Said so.' });
    expect(error).toMatchObject({ retryable, outcomeUnknown });
    expect(`${error.message} ${error.stack}`).not.toContain('canary');
  });

  it('that has expired answers early, and is read 30 times out of 30', async () => {
    const closings: ((response: ServerResponse) => void)[] = [
      (response) => response.writeHead(403, { connection: 'close' }),
      (response) => response.writeHead(403),
      (response) => response.on('finish', () => response.socket?.destroySoon()).writeHead(403),
    ];
    let index = 0;
    const server = await startRawServer((_request, response) => {
      closings[index % 3]?.(response);
      index += 1;
      response.end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
    });
    const client = clientOf(server.url);
    for (let time = 0; time < 30; time += 1) {
      const chunks = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024));
      const upload = uploadOf(server.url, chunks, { size: 4 * 1024 * 1024 });
      const error = await failureOf(uploadBinary(client, upload));
      expect(error).toMatchObject({ status: 403, title: 'AccessDenied', detail: 'Request has expired' });
      expect(upload.body).toHaveProperty('destroyed', true);
    }
  });

  it('that reports success before it has everything is not believed', async () => {
    const server = await startRawServer((_request, response) => void response.writeHead(200).end());
    const error = await failureOf(
      uploadBinary(clientOf(server.url), uploadOf(server.url, stalling('01234', '5'))),
    );
    expect(error).toMatchObject({ kind: 'protocol', status: 200 });
  });
});
