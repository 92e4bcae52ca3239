import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { describeUrl, type SourceFailureCode } from '../../lib/source-error.ts';
import { failureOf, serve } from './stranger-source.ts';

describe('the status of an answer decides what became of the file', () => {
  test.each<[number, SourceFailureCode, boolean, number]>([
    [400, 'SOURCE_UNUSABLE', false, 1],
    [401, 'SOURCE_FORBIDDEN', false, 1],
    [403, 'SOURCE_FORBIDDEN', false, 1],
    [404, 'SOURCE_NOT_FOUND', false, 1],
    [405, 'SOURCE_UNUSABLE', false, 1],
    [410, 'SOURCE_NOT_FOUND', false, 1],
    [416, 'SOURCE_UNUSABLE', false, 1],
    [201, 'SOURCE_UNUSABLE', false, 1],
    [300, 'SOURCE_UNUSABLE', false, 1],
    [408, 'SOURCE_UNREACHABLE', true, 3],
    [425, 'SOURCE_UNREACHABLE', true, 3],
    [429, 'SOURCE_UNREACHABLE', true, 3],
    [500, 'SOURCE_UNREACHABLE', true, 3],
    [502, 'SOURCE_UNREACHABLE', true, 3],
    [503, 'SOURCE_UNREACHABLE', true, 3],
    [504, 'SOURCE_UNREACHABLE', true, 3],
  ])('%i is %s', async (status, code, retryable, requests) => {
    const source = await serve((_request, response) => void response.writeHead(status).end('no'));
    expect(await failureOf(source.url)).toMatchObject({ code, retryable });
    expect(source.requests).toHaveLength(requests);
  });

  test('a source that is not there is unreachable', async () => {
    const source = await serve(() => undefined);
    const gone = await serve((_request, response) => void response.end());
    expect(source.port).not.toBe(gone.port);
    expect(await failureOf('http://127.0.0.1:1/a.pdf')).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retryable: true,
    });
  });
});

const s3Error = (code: string, message: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

describe('a refused link is known to have expired', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  test.each<[string, number, string, string, SourceFailureCode]>([
    ['S3 says so', 403, '', s3Error('AccessDenied', 'Request has expired'), 'SOURCE_URL_EXPIRED'],
    [
      'S3 says its token did',
      400,
      '',
      s3Error('ExpiredToken', 'The provided token has expired.'),
      'SOURCE_URL_EXPIRED',
    ],
    [
      'Azure says so',
      403,
      '?sig=x&se=2026-11-24T00:00:00Z',
      'Signature not valid in the specified time frame',
      'SOURCE_URL_EXPIRED',
    ],
    [
      'its AWS lifetime is over',
      403,
      '?X-Amz-Date=20261123T110000Z&X-Amz-Expires=900',
      'no',
      'SOURCE_URL_EXPIRED',
    ],
    ['its AWS lifetime has no start', 403, '?X-Amz-Expires=900', 'no', 'SOURCE_URL_EXPIRED'],
    [
      'its Google lifetime is over',
      403,
      '?X-Goog-Date=20261123T110000Z&X-Goog-Expires=900',
      '',
      'SOURCE_URL_EXPIRED',
    ],
    ['its CloudFront time has passed', 403, '?Expires=1700000000&Signature=x', '', 'SOURCE_URL_EXPIRED'],
    ['its Azure time has passed', 401, '?se=2026-11-23T11%3A59%3A59Z&sig=x', '', 'SOURCE_URL_EXPIRED'],
    ['it is signed and gone', 410, '?Expires=1800000000', '', 'SOURCE_URL_EXPIRED'],
    [
      'not while its AWS lifetime lasts',
      403,
      '?X-Amz-Date=20261123T115900Z&X-Amz-Expires=900',
      'no',
      'SOURCE_FORBIDDEN',
    ],
    [
      'not when the signature was wrong',
      403,
      '?X-Amz-Date=20261123T110000Z&X-Amz-Expires=900',
      s3Error('SignatureDoesNotMatch', 'x'),
      'SOURCE_FORBIDDEN',
    ],
    [
      'not when it was never signed',
      403,
      '?page=2',
      s3Error('AccessDenied', 'Access Denied'),
      'SOURCE_FORBIDDEN',
    ],
    ['not when the file is missing', 404, '?Expires=1700000000', '', 'SOURCE_NOT_FOUND'],
  ])('%s', async (_why, status, query, body, code) => {
    const source = await serve((_request, response) => void response.writeHead(status).end(body));
    expect(await failureOf(`${source.url}${query}`, { now: () => now })).toMatchObject({
      code,
      retryable: false,
    });
  });

  test('from the beginning of an endless error page', async () => {
    const source = await serve((_request, response) => {
      response.writeHead(403).write(s3Error('AccessDenied', 'Request has expired').padEnd(100_000));
    });
    expect(await failureOf(source.url)).toMatchObject({ code: 'SOURCE_URL_EXPIRED' });
  });

  test('not from an error page that stalls, which only costs its time', async () => {
    const source = await serve((_request, response) => void response.writeHead(403).write('one moment'));
    expect(await failureOf(source.url, { headersTimeoutMs: 30 })).toMatchObject({ code: 'SOURCE_FORBIDDEN' });
  });
});

describe('a URL that is never asked', () => {
  const dispatcher = createDispatcher({ allowPrivateAddresses: false });

  test.each<[string, SourceFailureCode]>([
    ['', 'SOURCE_URL_INVALID'],
    ['/files/a.pdf', 'SOURCE_URL_INVALID'],
    ['ftp://files.example.com/a.pdf', 'SOURCE_URL_INVALID'],
    ['file:///etc/passwd', 'SOURCE_URL_INVALID'],
    ['data:text/plain,hi', 'SOURCE_URL_INVALID'],
    ['https://user:secret@files.example.com/a.pdf', 'SOURCE_URL_INVALID'],
    [' https://files.example.com/a.pdf', 'SOURCE_URL_INVALID'],
    ['https://files.example.com\\@127.0.0.1/', 'SOURCE_URL_INVALID'],
    [`https://files.example.com/${'a'.repeat(9000)}`, 'SOURCE_URL_INVALID'],
    ['http://127.0.0.1/a.pdf', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://2130706433/a.pdf', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://[::1]/a.pdf', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://169.254.169.254/latest/meta-data/', 'SOURCE_FORBIDDEN_ADDRESS'],
    ['http://metadata.google.internal/', 'SOURCE_FORBIDDEN_ADDRESS'],
  ])('%.60s', async (url, code) => {
    expect(await failureOf(url, { dispatcher, allowPrivateAddresses: false })).toMatchObject({
      code,
      retryable: false,
    });
  });

  test('is one whose name resolves to a private address', async () => {
    const flipped = createDispatcher({
      allowPrivateAddresses: false,
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    });
    const failure = await failureOf('http://files.example.com/a.pdf', {
      dispatcher: flipped,
      allowPrivateAddresses: false,
    });
    expect(failure).toMatchObject({ code: 'SOURCE_FORBIDDEN_ADDRESS', retryable: false });
  });

  test('is one whose name does not resolve, which may pass', async () => {
    const nowhere = createDispatcher({ allowPrivateAddresses: false, resolve: () => Promise.resolve([]) });
    const failure = await failureOf('http://files.example.com/a.pdf', {
      dispatcher: nowhere,
      allowPrivateAddresses: false,
    });
    expect(failure).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
  });
});

describe('no error tells a secret', () => {
  const secret = createHash('sha256').update('canary').digest('hex');

  test.each([
    ['a status', 403, {}],
    ['a retryable status', 503, {}],
    ['a redirect', 302, { location: `ftp://files.example.com/?token=${secret}` }],
    ['a wrong size', 200, { 'content-length': '5' }],
  ])('of %s', async (_what, status, headers) => {
    const source = await serve((_request, response) => void response.writeHead(status, headers).end('hello'));
    const failure = await failureOf(`${source.url}?X-Amz-Signature=${secret}`, { expected: { size: 6 } });
    expect(failure.message).toContain('/files/report.pdf');
    expect(`${failure.message}${String(failure.stack)}`).not.toContain(secret);
  });

  test('nor an e-mail address, nor a path without end', () => {
    const url = new URL(`https://user:word@files.example.com/home/jo%40example.com/${'a'.repeat(300)}?q=1#f`);
    expect(describeUrl(url)).toBe(`files.example.com/home/…/${'a'.repeat(192)}…`);
    expect(describeUrl(new URL('https://files.example.com/jo@example.com'))).toBe('files.example.com/…');
  });
});
