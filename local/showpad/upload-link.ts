import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Switches } from './switches.ts';

/** What Showpad wants stored with every object that its API takes in. */
export const uploadMetadata: Readonly<Record<string, string>> = { origin: 'api' };

const lifetimeSeconds = 900;
const bucket = 'showpad-uploads';
const region = 'eu-west-1';

interface LinkIssuer {
  /** `http://host:port` of the object store. */
  readonly origin: string;
  readonly secret: string;
  readonly mode: Switches['uploadMetadataMode'];
}

interface Upload {
  readonly fileId: string;
  readonly contentType: string;
  /** Base64, or null when none was announced. */
  readonly contentMD5: string | null;
}

/**
 * A link that takes one object by PUT for 15 minutes: an S3 pre-signed URL of Signature Version 4, or of
 * version 2 (which names no signed headers) in the mode `unsigned-params-absent`.
 */
export function createUploadLink(issuer: LinkIssuer, upload: Upload, nowMs: number): string {
  const url = new URL(`/${bucket}/${upload.fileId}`, issuer.origin);
  const headers: Record<string, string> = { 'content-type': upload.contentType, host: url.host };
  if (upload.contentMD5 !== null) headers['content-md5'] = upload.contentMD5;
  for (const [key, value] of Object.entries(uploadMetadata)) {
    if (issuer.mode === 'query') url.searchParams.set(`x-amz-meta-${key}`, value);
    else headers[`x-amz-meta-${key}`] = value;
  }
  if (issuer.mode === 'unsigned-params-absent') {
    url.searchParams.set('AWSAccessKeyId', 'EMULATOR');
    url.searchParams.set('Expires', String(Math.floor(nowMs / 1000) + lifetimeSeconds));
    url.searchParams.set('Signature', signVersion2(issuer.secret, url, headers));
    return url.href;
  }
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/gu, '');
  url.searchParams.set('X-Amz-Algorithm', 'AWS4-HMAC-SHA256');
  url.searchParams.set('X-Amz-Credential', `EMULATOR/${date.slice(0, 8)}/${region}/s3/aws4_request`);
  url.searchParams.set('X-Amz-Date', date);
  url.searchParams.set('X-Amz-Expires', String(lifetimeSeconds));
  url.searchParams.set('X-Amz-SignedHeaders', Object.keys(headers).sort().join(';'));
  url.searchParams.set('X-Amz-Signature', signVersion4(issuer.secret, 'PUT', url, headers));
  return url.href;
}

export type LinkFault = 'unsigned' | 'expired' | 'mismatch' | 'headers-not-signed';

export interface LinkRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
}

/** What S3 would have against a request to an upload link, or null; the bytes are judged elsewhere. */
export function findLinkFault(request: LinkRequest, secret: string, nowMs: number): LinkFault | null {
  const { url } = request;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  if (url.searchParams.has('Signature')) {
    if (Number(url.searchParams.get('Expires')) * 1000 < nowMs) return 'expired';
    if (request.method !== 'PUT') return 'mismatch';
    return same(signVersion2(secret, url, headers), url.searchParams.get('Signature')) ? null : 'mismatch';
  }
  const { searchParams } = url;
  const date = searchParams.get('X-Amz-Date');
  const signedNames = searchParams.get('X-Amz-SignedHeaders')?.split(';') ?? [];
  if (!searchParams.has('X-Amz-Signature') || date === null) return 'unsigned';
  const signedAtMs = Date.parse(
    date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, '$1-$2-$3T$4:$5:$6Z'),
  );
  const expiresAtMs = signedAtMs + Number(searchParams.get('X-Amz-Expires')) * 1000;
  if (!(nowMs <= expiresAtMs)) return 'expired';
  const signed: Record<string, string> = {};
  for (const name of signedNames) signed[name] = headers[name] ?? '';
  if (!same(signVersion4(secret, request.method, url, signed), searchParams.get('X-Amz-Signature'))) {
    return 'mismatch';
  }
  const isUnsigned = (name: string) => name.startsWith('x-amz-') && !signedNames.includes(name);
  return Object.keys(headers).some(isUnsigned) ? 'headers-not-signed' : null;
}

function signVersion4(secret: string, method: string, url: URL, headers: Record<string, string>): string {
  const names = Object.keys(headers).sort();
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonicalHeaders = names.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`).join('');
  const canonical = [method, url.pathname, query, canonicalHeaders, names.join(';'), 'UNSIGNED-PAYLOAD'].join(
    '\n',
  );
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const scope = [date.slice(0, 8), region, 's3', 'aws4_request'];
  const hash = createHash('sha256').update(canonical).digest('hex');
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of scope) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', date, scope.join('/'), hash].join('\n'))
    .digest('hex');
}

function signVersion2(secret: string, url: URL, headers: Record<string, string>): string {
  const amazonHeaders = Object.keys(headers)
    .filter((name) => name.startsWith('x-amz-'))
    .sort()
    .map((name) => `${name}:${headers[name] ?? ''}\n`)
    .join('');
  const text = [
    'PUT',
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    url.searchParams.get('Expires') ?? '',
    amazonHeaders + url.pathname,
  ].join('\n');
  return createHmac('sha1', secret).update(text).digest('base64');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function same(expected: string, given: string | null): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given ?? '')];
  return left.length === right.length && timingSafeEqual(left, right);
}
