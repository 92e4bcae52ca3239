import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, md5Base64, only, upload } from '../showpad-caller.ts';

const bytes = Buffer.from('%PDF-1.7 the content');
const minuteMs = 60_000;

let nowMs: number;
let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createShowpadCaller>;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({ now: () => nowMs, switches: { processingMs: 0 } });
  caller = createShowpadCaller(showpad);
});

afterEach(() => showpad.close());

async function newFile(body: object = {}) {
  const asset = await caller.createAsset({ name: 'leaflet.pdf' });
  return { asset, file: await caller.createFile(asset.id, body) };
}

test('the link names what must be sent with the bytes and when it dies', async () => {
  const { file } = await newFile({ contentMD5: md5Base64(bytes) });
  const { searchParams } = new URL(file.uploadUrl);
  expect(file.contentType).toBe('application/pdf');
  expect(searchParams.get('X-Amz-Date')).toBe('20261123T120000Z');
  expect(searchParams.get('X-Amz-Expires')).toBe('900');
  expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-md5;content-type;host;x-amz-meta-origin');
  expect(new URL(file.uploadUrl).host).not.toBe(new URL(showpad.v4Url).host);
});

test('the bytes are taken in, hashed, and become the current file', async () => {
  const { asset, file } = await newFile({ contentMD5: md5Base64(bytes) });
  const answer = await upload(file, bytes, { 'content-md5': md5Base64(bytes) });
  const md5 = createHash('md5').update(bytes).digest('hex');
  expect(answer).toMatchObject({ status: 200, text: '', headers: { etag: `"${md5}"` } });
  expect(only(only(asset.files).uploads)).toMatchObject({
    md5,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    head: bytes,
    contentType: 'application/pdf',
  });
  expect(asset).toMatchObject({
    status: 'active',
    currentFile: { id: file.id },
    checksum: md5,
    size: bytes.length,
    type: 'document',
    lastUploadedAt: '2026-11-23T12:00:00.000Z',
  });
});

test('of a large file only the beginning is kept', async () => {
  const { asset, file } = await newFile();
  const large = Buffer.alloc(3_000_000, 'x');
  await upload(file, large);
  const received = only(only(asset.files).uploads);
  expect(received.size).toBe(large.length);
  expect(received.head).toEqual(large.subarray(0, 4096));
  expect(received.sha256).toBe(createHash('sha256').update(large).digest('hex'));
});

test('the link works for 15 minutes and not a second longer', async () => {
  const { file } = await newFile();
  nowMs += 15 * minuteMs;
  expect((await upload(file, bytes)).status).toBe(200);
  nowMs += 1000;
  const late = await upload(file, bytes);
  expect(late.status).toBe(403);
  expect(late.text).toContain('<Code>AccessDenied</Code><Message>Request has expired</Message>');
});

test('the same bytes may be sent twice and are processed once', async () => {
  const { asset, file } = await newFile();
  await upload(file, bytes);
  const { updatedAt } = asset;
  nowMs += minuteMs;
  expect((await upload(file, bytes)).status).toBe(200);
  expect(only(asset.files).uploads).toHaveLength(2);
  expect(asset.updatedAt).toBe(updatedAt);
});

test('bytes for an asset that was deleted meanwhile are taken and change nothing', async () => {
  const { asset, file } = await newFile();
  await caller.call('DELETE', `/assets/${asset.id}`);
  expect((await upload(file, bytes)).status).toBe(200);
  expect(showpad.assets).toEqual([]);
});

describe('an upload is refused', () => {
  test.each<[string, number, string, Record<string, string | undefined>]>([
    ['with another Content-Type', 403, 'SignatureDoesNotMatch', { 'content-type': 'application/x-pdf' }],
    ['without the Content-Type', 403, 'SignatureDoesNotMatch', { 'content-type': undefined }],
    ['without the announced Content-MD5', 403, 'SignatureDoesNotMatch', { 'content-md5': undefined }],
    [
      'with another Content-MD5',
      403,
      'SignatureDoesNotMatch',
      { 'content-md5': md5Base64(Buffer.from('x')) },
    ],
    ['without the metadata header', 403, 'SignatureDoesNotMatch', { 'x-amz-meta-origin': undefined }],
    ['with other metadata', 403, 'SignatureDoesNotMatch', { 'x-amz-meta-origin': 'web' }],
    ['with an x-amz header that was not signed', 403, 'AccessDenied', { 'x-amz-acl': 'private' }],
    ['with an Authorization header', 400, 'InvalidArgument', { authorization: 'Bearer token' }],
  ])('%s: %i %s', async (_, status, code, headers) => {
    const { asset, file } = await newFile({ contentMD5: md5Base64(bytes) });
    const answer = await upload(file, bytes, { 'content-md5': md5Base64(bytes), ...headers });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(`<Code>${code}</Code>`);
    expect(only(asset.files).uploads).toEqual([]);
  });

  test('when its bytes do not have the announced MD5: 400 BadDigest', async () => {
    const { asset, file } = await newFile({ contentMD5: md5Base64(bytes) });
    const other = await upload(file, Buffer.from('%PDF-1.7 other'), { 'content-md5': md5Base64(bytes) });
    expect(other.status).toBe(400);
    expect(other.text).toContain('<Code>BadDigest</Code>');
    expect(asset.status).toBe('prepared');
  });

  test('when its Content-MD5 is no MD5: 400 InvalidDigest', async () => {
    const { file } = await newFile();
    const answer = await upload(file, bytes, { 'content-md5': 'abc' });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('<Code>InvalidDigest</Code>');
  });

  test.each([
    ['a changed signature', (url: URL) => url.searchParams.set('X-Amz-Signature', '0'.repeat(64))],
    ['a longer life', (url: URL) => url.searchParams.set('X-Amz-Expires', '86400')],
    ['an added parameter', (url: URL) => url.searchParams.set('acl', 'public')],
    ['another object', (url: URL) => (url.pathname = '/showpad-uploads/other')],
    ['fewer signed headers', (url: URL) => url.searchParams.set('X-Amz-SignedHeaders', 'host')],
  ])('when the link was altered: %s', async (_, alter) => {
    const { file } = await newFile();
    const url = new URL(file.uploadUrl);
    alter(url);
    const answer = await upload({ ...file, uploadUrl: url.href }, bytes);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('<Code>SignatureDoesNotMatch</Code>');
  });

  test('without a signature: 403', async () => {
    const { file } = await newFile();
    const answer = await upload({ ...file, uploadUrl: file.uploadUrl.replace(/\?.*/u, '') }, bytes);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('<Code>AccessDenied</Code>');
  });

  test('by another method: 403', async () => {
    const { file } = await newFile();
    const answer = await request(file.uploadUrl, { method: 'GET' });
    expect(answer.statusCode).toBe(403);
    await answer.body.dump();
  });

  test('without a Content-Length: 411', async () => {
    const { file } = await newFile();
    const answer = await request(file.uploadUrl, {
      method: 'PUT',
      headers: { 'content-type': file.contentType, 'x-amz-meta-origin': 'api' },
      body: Readable.from([bytes]),
    });
    expect(answer.statusCode).toBe(411);
    expect(await answer.body.text()).toContain('<Code>MissingContentLength</Code>');
  });

  test('over 5 GB: 400 before any byte is sent', async () => {
    const { file } = await newFile();
    const headers = {
      'content-type': file.contentType,
      'x-amz-meta-origin': 'api',
      'content-length': String(5 * 1024 ** 3 + 1),
    };
    const outgoing = httpRequest(file.uploadUrl, { method: 'PUT', headers });
    outgoing.on('error', () => undefined);
    outgoing.flushHeaders();
    const status = await new Promise((resolve) => {
      outgoing.once('response', (incoming) => {
        resolve(incoming.statusCode);
      });
    });
    outgoing.destroy();
    expect(status).toBe(400);
  });
});

describe('where the link carries the metadata itself', () => {
  test('the header must be left out', async () => {
    showpad.switches.uploadMetadataMode = 'query';
    const { file } = await newFile();
    expect(new URL(file.uploadUrl).searchParams.get('x-amz-meta-origin')).toBe('api');
    const refused = await upload(file, bytes);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('not signed');
    expect((await upload(file, bytes, { 'x-amz-meta-origin': undefined })).status).toBe(200);
  });
});

describe('where the link names no signed headers', () => {
  beforeEach(() => {
    showpad.switches.uploadMetadataMode = 'unsigned-params-absent';
  });

  test('the metadata header is demanded all the same', async () => {
    const { file } = await newFile({ contentMD5: md5Base64(bytes) });
    expect(new URL(file.uploadUrl).searchParams.has('X-Amz-SignedHeaders')).toBe(false);
    const good = { 'content-md5': md5Base64(bytes) };
    expect((await upload(file, bytes, { ...good, 'x-amz-meta-origin': undefined })).status).toBe(403);
    expect((await upload(file, bytes)).status).toBe(403);
    expect((await upload(file, bytes, { ...good, 'content-type': 'text/plain' })).status).toBe(403);
    expect((await upload(file, bytes, { ...good, 'x-amz-acl': 'private' })).status).toBe(403);
    expect((await upload(file, bytes, good)).status).toBe(200);
  });

  test('it dies after 15 minutes as well', async () => {
    const { file } = await newFile();
    nowMs += 15 * minuteMs + 1000;
    expect((await upload(file, bytes)).text).toContain('Request has expired');
  });
});

test('the link can be withheld', async () => {
  showpad.switches.uploadUrlNull = true;
  const asset = await caller.createAsset({ name: 'leaflet.pdf' });
  const { status, json } = await caller.call('POST', `/assets/${asset.id}/files`, { body: {} });
  expect(status).toBe(201);
  expect(json).toMatchObject({ uploadMeta: { uploadUrl: null } });
});
