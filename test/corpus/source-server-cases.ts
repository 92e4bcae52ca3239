import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DownloadOptions } from '../../lib/download.ts';
import type { SourceFailureCode } from '../../lib/source-error.ts';

/** A source that misbehaves, and what becomes of the file. */
export interface SourceServerCase {
  readonly name: string;
  /** `taken`: the bytes pass as they are. */
  readonly result: SourceFailureCode | 'taken';
  readonly why?: string;
  /** What is written to the socket for the first request, and then for further ones; the socket is then closed. */
  readonly raw?: readonly (string | Buffer)[];
  readonly answer?: (response: ServerResponse, nth: number, request: IncomingMessage) => void;
  readonly tls?: 'self-signed' | '1.0';
  readonly options?: Partial<DownloadOptions>;
  /** How many requests it may get; by default one. */
  readonly requests?: number;
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\n';
const raw = (
  name: string,
  result: SourceServerCase['result'],
  text: string | Buffer,
  more: Partial<SourceServerCase> = {},
): SourceServerCase => ({ name, result, raw: [text], ...more });
const content = '0123456789'.repeat(1_000);
const headers = { 'content-length': content.length, 'content-type': 'application/pdf' };
/** Breaks off in the middle of the first answer, and gives `next` to the request for the rest. */
const cutThen = (
  name: string,
  result: SourceServerCase['result'],
  first: Readonly<Record<string, string>>,
  next: NonNullable<SourceServerCase['answer']>,
  more: Partial<SourceServerCase> = {},
): SourceServerCase => ({
  name,
  result,
  answer: (response, nth, request) => {
    if (nth > 1) next(response, nth, request);
    else {
      response.writeHead(200, { ...headers, ...first });
      response.write(content.slice(0, 6_000), () => request.socket.destroy());
    }
  },
  ...more,
});
const served = (
  name: string,
  result: SourceServerCase['result'],
  bytes: string,
  fileName: string,
  type = 'application/octet-stream',
  why?: string,
): SourceServerCase => ({
  name,
  result,
  answer: (response) => {
    const body = Buffer.from(bytes, 'latin1');
    response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
  },
  options: { expected: { name: fileName } },
  ...(why !== undefined && { why }),
});
const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');
const manyHeaders = Array.from(
  { length: 1_000 },
  (_none, index) => `x-${index}: something of some length\r\n`,
);

export const sourceServerCases: readonly SourceServerCase[] = [
  raw('src-cl-short', 'SOURCE_UNREACHABLE', `${ok}content-length: 10\r\n\r\nhello`),
  raw('src-cl-long', 'SOURCE_UNREACHABLE', `${ok}content-length: 5\r\n\r\nhello, and more`, {
    why: 'the surplus breaks the connection; where the parser ends at the length, the hash decides',
  }),
  raw('src-no-length', 'SOURCE_UNUSABLE', `${ok}connection: close\r\n\r\nhello`),
  raw('src-chunked-cut', 'SOURCE_UNREACHABLE', `${ok}transfer-encoding: chunked\r\n\r\n5\r\nhel`),
  raw(
    'src-te+cl',
    'SOURCE_UNUSABLE',
    `${ok}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  ),
  raw('src-two-cl', 'SOURCE_UNUSABLE', `${ok}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`),
  raw('src-cl-negative', 'SOURCE_UNUSABLE', `${ok}content-length: -1\r\n\r\nhello`),
  raw('src-cl-huge', 'SOURCE_UNUSABLE', `${ok}content-length: 1000000000000000\r\n\r\nhello`),
  {
    name: 'src-endless',
    result: 'FILE_TOO_LARGE',
    answer: (response) => {
      const block = Buffer.alloc(65_536, 'x');
      const pour = (): void => {
        while (response.write(block));
        response.once('drain', pour);
      };
      pour();
    },
    options: { maxBytes: 500_000 },
  },
  {
    name: 'src-slow-1Bps',
    result: 'SOURCE_UNREACHABLE',
    answer: (response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      const drip = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(drip));
    },
    options: { minimumBytesPerSecond: 100_000, minimumRateWindowMs: 60 },
  },
  {
    name: 'src-stall',
    result: 'SOURCE_UNREACHABLE',
    answer: (response) => {
      response.writeHead(200, { 'content-length': 6_000_000 }).write(Buffer.alloc(5_000_000, 'x'));
    },
    options: { idleTimeoutMs: 100 },
  },
  {
    name: 'src-headers-never',
    result: 'SOURCE_UNREACHABLE',
    answer: () => undefined,
    options: { headersTimeoutMs: 50, connectAttempts: 1 },
  },
  raw('src-headers-64k', 'SOURCE_UNUSABLE', `${ok}x-filler: ${'x'.repeat(65_536)}\r\n\r\n`),
  raw('src-1000-headers', 'SOURCE_UNUSABLE', `${ok}${manyHeaders.join('')}\r\n`),
  raw(
    'src-gzip-bomb',
    'SOURCE_UNUSABLE',
    `${ok}content-encoding: gzip\r\ncontent-length: 5\r\n\r\n\x1f\x8b\x08xx`,
  ),
  served('src-html-200', 'SOURCE_UNUSABLE', '<!doctype html><html>Sign in</html>', 'a.pdf', 'text/html'),
  raw(
    'src-206',
    'SOURCE_UNUSABLE',
    'HTTP/1.1 206 Partial\r\ncontent-range: bytes 0-4/5\r\ncontent-length: 5\r\n\r\nhello',
  ),
  raw('src-304', 'SOURCE_UNUSABLE', 'HTTP/1.1 304 Not Modified\r\n\r\n'),
  raw('src-204', 'SOURCE_UNUSABLE', 'HTTP/1.1 204 No Content\r\n\r\n'),
  raw('src-zero', 'FILE_EMPTY', `${ok}content-length: 0\r\n\r\n`),
  cutThen(
    'src-etag-change',
    'SOURCE_UNREACHABLE',
    { etag: '"v1"' },
    (response) => {
      response.writeHead(200, { ...headers, etag: '"v2"' }).end(content.replaceAll('0', 'x'));
    },
    { requests: 2, why: 'the step begins again from the first byte, by a delayed message' },
  ),
  cutThen('src-no-etag-resume', 'SOURCE_UNREACHABLE', {}, (response) => response.end(content), {
    why: 'nothing is resumed without a validator: the step begins again',
  }),
  cutThen(
    'src-wrong-offset',
    'SOURCE_UNREACHABLE',
    { etag: '"v1"' },
    (response) => {
      const range = { etag: '"v1"', 'content-range': 'bytes 5000-9999/10000', 'content-length': '5000' };
      response.writeHead(206, range).end(content.slice(5_000));
    },
    { requests: 2 },
  ),
  {
    name: 'src-redirect-loop',
    result: 'SOURCE_TOO_MANY_REDIRECTS',
    why: 'five are followed, each judged like the first URL',
    answer: (response, nth) => response.writeHead(302, { location: `/${nth}` }).end(),
    requests: 6,
  },
  {
    name: 'src-redirect-http',
    result: 'SOURCE_UNUSABLE',
    answer: (response) => response.writeHead(302, { location: 'http://cdn.acme.com/b' }).end(),
    options: { allowPrivateAddresses: false },
  },
  {
    name: 'src-redirect-cred',
    result: 'taken',
    why: 'there is nothing to drop: no request to a source carries credentials',
    answer: (response, nth, request) => {
      const hasCredentials = ['authorization', 'cookie'].some((name) => request.headers[name] !== undefined);
      if (hasCredentials) response.writeHead(500).end();
      else if (nth === 1)
        response.writeHead(302, { location: `http://localhost:${request.socket.localPort}/b` }).end();
      else response.end('hello');
    },
    requests: 2,
  },
  { name: 'src-bad-cert', result: 'SOURCE_UNUSABLE', tls: 'self-signed' },
  { name: 'src-tls10', result: 'SOURCE_UNUSABLE', tls: '1.0' },
  {
    name: 'src-dns-flip',
    result: 'SOURCE_FORBIDDEN_ADDRESS',
    why: 'a name is judged each time a socket is made for it, and connected to what was judged',
    answer: (response) => response.writeHead(302, { location: 'http://other.acme.com/b' }).end(),
    options: { allowPrivateAddresses: false },
  },
  {
    ...served('src-wrong-sha', 'CHECKSUM_MISMATCH', 'hello', 'a.txt'),
    options: { expected: { name: 'a.txt', sha256: '0'.repeat(64) } },
  },
  {
    name: 'src-5GB+1',
    result: 'FILE_TOO_LARGE',
    answer: (response) => response.writeHead(200, { 'content-length': 5 * 1_024 ** 3 + 1 }).flushHeaders(),
    options: { maxBytes: 5 * 1_024 ** 3 },
  },
  served('src-eicar', 'CONTENT_REFUSED', eicar, 'a.txt', 'text/plain', 'the place where a scanner comes in'),
  served('src-svg-script', 'TYPE_MISMATCH', '<svg xmlns="x"><script>alert(1)</script></svg>', 'a.png'),
  served(
    'src-zip-bomb-42',
    'taken',
    'PK\x03\x04 and a petabyte of zeros',
    '42.zip',
    'application/zip',
    'never unpacked',
  ),
  served(
    'src-zip-slip',
    'taken',
    'PK\x03\x04 ../../etc/passwd',
    'a.zip',
    'application/zip',
    'never unpacked',
  ),
  served(
    'src-polyglot',
    'taken',
    '%PDF-1.7\n<html><script>alert(1)</script>',
    'a.pdf',
    'text/html',
    'it is kept and sent on under the type of its name, never as the web page that the source calls it',
  ),
];
