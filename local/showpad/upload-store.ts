import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Answer } from './answer.ts';
import type { Receive } from './listener.ts';
import { receiveBinary } from './processing.ts';
import type { ShowpadState } from './showpad-state.ts';
import { takeSlowly } from './take-slowly.ts';
import { findLinkFault, type LinkFault } from './upload-link.ts';

const maximumObjectBytes = 5 * 1024 ** 3;
const keptHeadBytes = 4096;

/** The object store behind the upload links, with S3's rules for a pre-signed PUT. */
export function createUploadStore(state: ShowpadState): Receive {
  return async (request, url) => {
    const refusal = refuse(state, request, url);
    if (refusal !== null) return () => refusal;
    const bytes = await hashBody(takeSlowly(request, state.switches));
    const announced = request.headers['content-md5'];
    const fileId = url.pathname.split('/').at(-1) ?? '';
    return () => {
      if (announced !== undefined && announced !== bytes.md5.toString('base64')) {
        return storeError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
      }
      const md5 = bytes.md5.toString('hex');
      receiveBinary(state, fileId, {
        ...bytes,
        md5,
        contentType: request.headers['content-type'] ?? '',
        receivedAt: state.timestamp(),
      });
      return { status: 200, headers: { etag: `"${md5}"` } };
    };
  };
}

const linkFaults: Readonly<Record<LinkFault, readonly [code: string, message: string]>> = {
  unsigned: ['AccessDenied', 'Access Denied'],
  expired: ['AccessDenied', 'Request has expired'],
  mismatch: [
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  'headers-not-signed': ['AccessDenied', 'There were headers present in the request which were not signed'],
};

function refuse(state: ShowpadState, request: IncomingMessage, url: URL): Answer | null {
  const { method = '', headers } = request;
  if (headers.authorization !== undefined) {
    const message = 'Only one auth mechanism allowed; the query parameters or the Authorization header.';
    return storeError(400, 'InvalidArgument', message);
  }
  const fault = findLinkFault({ method, url, headers }, state.linkSecret, state.now());
  if (fault !== null) return storeError(403, ...linkFaults[fault]);
  if (headers['content-length'] === undefined) {
    return storeError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  if (Number(headers['content-length']) > maximumObjectBytes) {
    return storeError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
  }
  const { 'content-md5': contentMD5 } = headers;
  if (contentMD5 !== undefined && !/^[A-Za-z0-9+/]{22}==$/u.test(String(contentMD5))) {
    return storeError(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
  }
  return null;
}

async function hashBody(body: AsyncIterable<Buffer>) {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  const head: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    md5.update(chunk);
    sha256.update(chunk);
    if (size < keptHeadBytes) head.push(Buffer.from(chunk.subarray(0, keptHeadBytes - size)));
    size += chunk.length;
  }
  return { md5: md5.digest(), sha256: sha256.digest('hex'), size, head: Buffer.concat(head) };
}

/** An error in S3's own form. */
export function storeError(status: number, code: string, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    text: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}
