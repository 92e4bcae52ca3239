import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloudEvent, md5, signed, startConnector, type Connector } from '../connector.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;
const pdf = Buffer.from(`%PDF-1.7\n${'bytes '.repeat(50_000)}\nstartxref\n0\n%%EOF\n`);

const division = '0123456789abcdef0123456789abcdef';
const secrets = [`whsec_${Buffer.from('a secret of these tests').toString('base64')}`];

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    parameters: { SourceDeadlineSeconds: '0', MaxFileBytes: '1000000' },
    showpadEmulator: { divisions: [{ name: 'Marketing', id: division, isAssetSharingEnabled: true }] },
    sources: {
      demo: { adapter: 'cloudevents', secrets, division },
      pictures: { adapter: 'cloudevents', secrets, division, types: ['image/*'] },
    },
  });
});
afterAll(() => connector.stop());

const upsert = (subject: string, url: string, file: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url, name: `${subject}.pdf`, ...file } },
});
const answer =
  (status: number, headers: Record<string, string> = {}, body: Buffer | string = ''): Serve =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);
const requestsOf = (path: string) => connector.served.filter((one) => one.path === `/${path}`).length;

describe('a source that does not give the file', () => {
  test.each<[string, Serve, string, boolean]>([
    ['401', answer(401), 'SOURCE_FORBIDDEN', true],
    ['403', answer(403), 'SOURCE_FORBIDDEN', true],
    ['404', answer(404), 'SOURCE_NOT_FOUND', true],
    ['410', answer(410), 'SOURCE_NOT_FOUND', true],
    ['500', answer(500), 'SOURCE_UNREACHABLE', false],
    ['nothing but a reset', (request) => request.socket.destroy(), 'SOURCE_UNREACHABLE', false],
    ['an empty file', answer(200, { 'content-length': '0' }), 'FILE_EMPTY', true],
    ['too many bytes', answer(200, { 'content-length': '1000001' }), 'FILE_TOO_LARGE', true],
    ['compressed bytes', answer(200, { 'content-encoding': 'gzip' }, pdf), 'SOURCE_UNUSABLE', true],
    [
      'a login page',
      answer(200, { 'content-type': 'text/html', 'content-length': '18' }, '<html>login</html>'),
      'SOURCE_UNUSABLE',
      true,
    ],
    ['a program', answer(200, {}, Buffer.from('\x7fELF and more', 'latin1')), 'TYPE_MISMATCH', true],
  ])('%s fails the job with a reason, and nothing reaches Showpad', async (what, serve, code, once) => {
    const path = `source-${what.replaceAll(' ', '-')}.pdf`;
    const before = connector.showpad.requests.length;
    const job = await connector.finish(upsert(path, connector.serve(path, serve)));
    expect(job).toMatchObject({ state: 'failed', error: { code } });
    expect(connector.showpad.requests.length).toBe(before);
    if (once) expect(requestsOf(path)).toBe(1);
    else expect(requestsOf(path)).toBeGreaterThan(1);
  });
});

test('a file of a type that its source may not send is not even fetched, and one that it may send is done', async () => {
  const before = connector.showpad.requests.length;
  const [report, picture] = ['report.pdf', 'picture.png'].map((name) => {
    const url = connector.serve(
      name,
      name === 'report.pdf' ? pdf : Buffer.from('\x89PNG\r\n\x1a\n!', 'latin1'),
    );
    return JSON.stringify(cloudEvent({ type: 'asset.upsert', subject: name, data: { file: { url, name } } }));
  });
  const finish = async (body = '') => {
    const posted = await connector.post('/events/pictures', body, signed(secrets[0] ?? '', body));
    await connector.stack.settled(55_000);
    return connector.job((posted.body as { jobs: { id: string }[] }).jobs[0]?.id ?? '');
  };
  expect(await finish(report)).toMatchObject({ state: 'failed', error: { code: 'TYPE_NOT_ALLOWED' } });
  expect(requestsOf('report.pdf')).toBe(0);
  expect(connector.showpad.requests.length).toBe(before);
  expect(await finish(picture)).toMatchObject({ state: 'done', error: null });
});

describe('bytes that are not those the event announced', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['longer than announced', { size: pdf.length - 1 }, 'SIZE_MISMATCH'],
    ['shorter than announced', { size: pdf.length + 1 }, 'SIZE_MISMATCH'],
    ['another MD5', { md5: '0'.repeat(32) }, 'CHECKSUM_MISMATCH'],
    ['another SHA-256', { sha256: '0'.repeat(64) }, 'CHECKSUM_MISMATCH'],
  ])('%s', async (what, file, code) => {
    const path = `announced-${what.replaceAll(' ', '-')}.pdf`;
    const before = connector.showpad.requests.length;
    const job = await connector.finish(upsert(path, connector.serve(path, pdf), file));
    expect(job).toMatchObject({ state: 'failed', error: { code, retryable: false } });
    expect(connector.showpad.requests.length).toBe(before);
  });

  test('announced rightly, they pass', async () => {
    const sha256 = createHash('sha256').update(pdf).digest('hex');
    const job = await connector.finish(
      upsert('announced', connector.serve('announced.pdf', pdf), { size: pdf.length, md5: md5(pdf), sha256 }),
    );
    expect(job).toMatchObject({ state: 'done', error: null });
  });
});

describe('links', () => {
  test.each([
    ['ftp://acme.example/a.pdf', 'SOURCE_URL_INVALID'],
    ['file:///etc/passwd', 'SOURCE_URL_INVALID'],
    ['https://user:password@acme.example/a.pdf', 'SOURCE_URL_INVALID'],
  ])('%s: the job fails with %s', async (url, code) => {
    expect(await connector.finish(upsert(`link-${code}`, url))).toMatchObject({
      state: 'failed',
      error: { code },
    });
  });

  test('five redirects are followed, six are not', async () => {
    const target = connector.serve('hop-0.pdf', pdf);
    for (let hop = 1; hop <= 6; hop += 1) {
      connector.serve(`hop-${hop}.pdf`, answer(302, { location: target.replace('hop-0', `hop-${hop - 1}`) }));
    }
    const from = (hop: number) => upsert(`hops-${hop}`, target.replace('hop-0', `hop-${hop}`));
    expect(await connector.finish(from(5))).toMatchObject({ state: 'done' });
    expect(await connector.finish(from(6))).toMatchObject({
      state: 'failed',
      error: { code: 'SOURCE_TOO_MANY_REDIRECTS' },
    });
  });
});

describe('an interrupted download', () => {
  /** Serves ranges, but breaks off the first answer in the middle. */
  const breaking =
    (headers: Record<string, string>): Serve =>
    (request, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (start > 0) {
        const range = `bytes ${start}-${pdf.length - 1}/${pdf.length}`;
        response.writeHead(206, { ...headers, 'content-range': range, 'content-length': pdf.length - start });
        response.end(pdf.subarray(start));
        return;
      }
      response.writeHead(200, { ...headers, 'content-length': pdf.length });
      response.write(pdf.subarray(0, 100_000), () => request.socket.destroy());
    };

  test('goes on where it broke off when the source vouches for the file', async () => {
    const url = connector.serve('resumed.pdf', breaking({ etag: '"v1"' }));
    const job = await connector.finish(upsert('resumed', url));
    expect(job).toMatchObject({ state: 'done', error: null });
    const ranged = connector.served.find(({ path, headers }) => path === '/resumed.pdf' && headers.range);
    expect(ranged?.headers['if-range']).toBe('"v1"');
    const asset = connector.showpad.assets.find(({ id }) => id === job.showpad.assetId);
    expect(asset?.checksum).toBe(md5(pdf));
  });

  test('never goes on without a validator or an announced hash', async () => {
    const url = connector.serve('weak.pdf', breaking({ etag: 'W/"v1"' }));
    expect(await connector.finish(upsert('weak', url))).toMatchObject({
      state: 'failed',
      error: { code: 'SOURCE_UNREACHABLE', retryable: true },
    });
    expect(connector.served.some(({ path, headers }) => path === '/weak.pdf' && headers.range)).toBe(false);
  });
});
