import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { getPersonalAsset, isMyFilesFolder, uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import type { MyFilesUpload } from '../../lib/showpad/my-files.ts';
import { clientOf, failureOf, json, startRawServer, startServer } from './showpad-client-server.ts';
import type { Received } from './showpad-client-server.ts';

const folderId = '0123456789abcdef'.repeat(4);
const asset = { meta: { code: 201 }, response: { resourcetype: 'Asset', id: 'a1' } };

function uploadOf(
  chunks: Iterable<string | Buffer> | Readable,
  more: Partial<MyFilesUpload> = {},
): MyFilesUpload {
  const body = chunks instanceof Readable ? chunks : Readable.from(chunks, { objectMode: false });
  const file = { name: 'Plan.pdf', fileName: 'Plan.pdf', contentType: 'application/pdf' };
  return { divisionId: 'd1', folder: '/', ...file, body, size: 10, ...more };
}

/** A body of `chunks` that then neither goes on nor ends. */
function stalling(...chunks: string[]): Readable {
  return new Readable({
    read() {
      const chunk = chunks.shift();
      if (chunk !== undefined) this.push(chunk);
    },
  });
}

/** Reads a form by the rules of the Fetch standard, which decode %22, %0D and %0A in names. */
async function parse({ body, headers }: Received) {
  const type = headers['content-type'] ?? '';
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  const file = form.get('file');
  if (!(file instanceof File)) throw new Error('The form has no file.');
  const fields = Object.fromEntries([...form].filter(([name]) => name !== 'file'));
  return { fields, fileName: file.name, type: file.type, content: await file.text() };
}

/** A server that counts the forms it got whole, and answers them. */
async function receiving(answer: (response: ServerResponse) => void = () => undefined) {
  let completed = 0;
  const { url } = await startRawServer((request, response) => {
    request.resume().on('error', () => undefined);
    request.on('end', () => {
      completed += 1;
      answer(response);
    });
  });
  return { url, completed: () => completed };
}

describe('a file for My Files', () => {
  it('is one multipart POST with the documented fields, the file last, and an exact length', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const upload = uploadOf(['01234', '56789'], { description: 'Für Jo\nand "Al"' });
    expect(await uploadToMyFiles(clientOf(server.url), upload)).toEqual({ kind: 'asset', assetId: 'a1' });
    expect(server.requests).toHaveLength(1);
    const [received] = server.requests;
    if (received === undefined) return;
    expect(received).toMatchObject({
      method: 'POST',
      url: '/api/v3/divisions/d1/assets.json',
      headers: {
        authorization: 'Bearer token-1',
        accept: 'application/json',
        'content-length': String(Buffer.byteLength(received.body)),
      },
    });
    for (const name of ['expect', 'transfer-encoding']) expect(received.headers).not.toHaveProperty(name);
    expect(await parse(received)).toEqual({
      fields: {
        isPersonal: 'true',
        postProcessingInstructions: '{"materialisedPath":"/"}',
        name: 'Plan.pdf',
        description: 'Für Jo\nand "Al"',
      },
      fileName: 'Plan.pdf',
      type: 'application/pdf',
      content: '0123456789',
    });
    const [, boundary = ''] = /^multipart\/form-data; boundary=([\w-]{1,70})$/.exec(
      received.headers['content-type'] ?? '',
    ) ?? [''];
    const part = (header: string) => `--${boundary}\r\nContent-Disposition: form-data; ${header}`;
    expect(received.body.startsWith(`${part('name="isPersonal"')}\r\n\r\ntrue\r\n`)).toBe(true);
    const filePart = part('name="file"; filename="Plan.pdf"\r\nContent-Type: application/pdf\r\n\r\n');
    expect(received.body.endsWith(`${filePart}0123456789\r\n--${boundary}--\r\n`)).toBe(true);
  });

  it('goes into the folder that is asked for, without a description that is not', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const folder = `/${folderId}/`;
    await uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'], { divisionId: 'mine', folder }));
    const [received] = server.requests;
    if (received === undefined) return;
    expect(received.url).toBe('/api/v3/divisions/mine/assets.json');
    const { fields } = await parse(received);
    expect(fields).toEqual({
      isPersonal: 'true',
      postProcessingInstructions: `{"materialisedPath":"/${folderId}/"}`,
      name: 'Plan.pdf',
    });
  });

  it.each([
    ['quotes', 'A "good" plan.pdf', 'A %22good%22 plan.pdf'],
    ['line breaks', 'A\r\nX-Evil: 1\n\rplan.pdf', 'A%0D%0AX-Evil: 1%0A%0Dplan.pdf'],
    ['a part of its own', 'a"\r\n\r\n--x\r\n.pdf', 'a%22%0D%0A%0D%0A--x%0D%0A.pdf'],
    ['slashes', '../Q1/Q2\\plan.pdf', '..%2FQ1%2FQ2%5Cplan.pdf'],
    ['a backslash at its end', 'plan.pdf\\', 'plan.pdf%5C'],
    ['control characters', 'a\0b\tc\u007F.pdf', 'a%00b%09c%7F.pdf'],
    ['letters of all the world', 'Übersicht 概要 😀.pdf', 'Übersicht 概要 😀.pdf'],
    ['half a character', 'a\uD83D.pdf', 'a\uFFFD.pdf'],
    ['percent signs', '100 %22.pdf', '100 %22.pdf'],
  ])('keeps a name with %s in its own place', async (_name, name, expected) => {
    const server = await startServer((response) => json(response, 201, asset));
    await uploadToMyFiles(clientOf(server.url), uploadOf(['0123456789'], { name, fileName: name }));
    const [received] = server.requests;
    if (received === undefined) return;
    expect(received.headers['content-length']).toBe(String(Buffer.byteLength(received.body)));
    expect(received.body).toContain(`name="file"; filename="${expected}"\r\nContent-Type: application/pdf`);
    expect(received.body.match(/\r\nContent-Disposition:/g)).toHaveLength(4);
    const { fields, content } = await parse(received);
    expect(fields['name']).toBe(name.toWellFormed());
    expect(content).toBe('0123456789');
  });

  it('streams chunks of any size', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const content = 'x'.repeat(3_000_000);
    const chunks = [content.slice(0, 1), content.slice(1, 2_500_000), content.slice(2_500_000)];
    await uploadToMyFiles(clientOf(server.url), uploadOf(chunks, { size: content.length }));
    const [received] = server.requests;
    expect(received && (await parse(received)).content === content).toBe(true);
  });

  it('is sent with another boundary each time', async () => {
    const server = await startServer((response) => json(response, 201, asset));
    const client = clientOf(server.url);
    for (let time = 0; time < 3; time += 1) await uploadToMyFiles(client, uploadOf(['0123456789']));
    expect(new Set(server.requests.map(({ headers }) => headers['content-type'])).size).toBe(3);
  });

  it.each([
    ['too few', ['01234', '5678'], 'It ended after 9 of 10 bytes.'],
    ['none', [], 'It ended after 0 of 10 bytes.'],
    ['too many, in the last chunk', ['01234', '567890'], 'It has more than 10 bytes.'],
    ['too many, after the last chunk', ['01234', '56789', '0'], 'It has more than 10 bytes.'],
    ['as many as the end of the form too many', ['0123456789', 'x'.repeat(59)], 'It has more than 10 bytes.'],
  ])('of %s bytes is never completed', async (_name, chunks, detail) => {
    const server = await receiving();
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(chunks)));
    expect(error).toMatchObject({ title: 'LengthMismatch', retryable: false, outcomeUnknown: false });
    expect(error.detail).toContain(detail);
    expect(server.completed()).toBe(0);
  });

  it('whose source fails can be sent again', async () => {
    const body = stalling('01234', '5');
    const server = await startRawServer((request) => {
      request.once('data', () => body.destroy(new Error('The bucket hung up.')));
    });
    const error = await failureOf(uploadToMyFiles(clientOf(server.url), uploadOf(body)));
    expect(error).toMatchObject({ title: 'SourceFailed', retryable: true, outcomeUnknown: false });
  });

  it.each([
    ['0 bytes', { size: 0 }],
    ['1.5 bytes', { size: 1.5 }],
    ['a folder that is none', { folder: '/Plans/' }],
    ['a content type that is two headers', { contentType: 'text/plain\r\nX-Evil: 1' }],
    ['a Division that is another path', { divisionId: '..' }],
  ])('with %s is refused before anything is sent', async (_name, more) => {
    const server = await startServer((response) => json(response, 201, asset));
    const upload = uploadOf(stalling('01234'), more);
    await expect(uploadToMyFiles(clientOf(server.url), upload)).rejects.toThrow(RangeError);
    expect(upload.body).toHaveProperty('destroyed', true);
    expect(server.requests).toHaveLength(0);
  });

  it('is let go when there is no token', async () => {
    const token = { get: () => Promise.reject(new Error('No secret.')), reject: () => undefined };
    const upload = uploadOf(stalling('01234'));
    const client = clientOf('http://127.0.0.1:9', { token });
    await expect(uploadToMyFiles(client, upload)).rejects.toThrow('No secret.');
    expect(upload.body).toHaveProperty('destroyed', true);
  });

  it.each([
    ['/', true],
    [`/${folderId}/`, true],
    [`/${folderId}/${folderId}/`, true],
    ['', false],
    ['//', false],
    [folderId, false],
    [`/${folderId}`, false],
    [`/${folderId.toUpperCase()}/`, false],
    [`/${folderId}/\n`, false],
    ['/../', false],
  ])('in the folder %j: %j', (folder, expected) => {
    expect(isMyFilesFolder(folder)).toBe(expected);
  });
});

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
      { operation: 'POST /divisions/{id}/assets.json', status: 409, durationMs: 0 },
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

describe('an asset in My Files', () => {
  it('is asked for through API v3', async () => {
    const found = { id: 'a1', name: 'Plan.pdf', fileSize: 10, md5Checksum: null };
    const server = await startServer((response) =>
      json(response, 200, { meta: { code: 200 }, response: found }),
    );
    expect(await getPersonalAsset(clientOf(server.url), 'a1')).toEqual(found);
    expect(server.requests[0]?.url).toBe('/api/v3/assets/a1.json?fields=id,name,fileSize,md5Checksum');
  });
});
