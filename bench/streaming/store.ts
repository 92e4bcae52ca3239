import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export interface Store {
  readonly listener: RequestListener;
  /** Bytes of content that arrived since the last call. */
  readonly takeReceivedBytes: () => number;
}

const block = randomBytes(1024 * 1024);

/**
 * As much of a file server, of S3, of an upload link and of My Files as a transfer needs, at the lowest cost: `GET`
 * of `…/1000000.bin` sends that many bytes; what arrives in one PUT, in the parts of a multipart upload, or as the
 * file of a form is counted and thrown away.
 */
export function createStore(): Store {
  let receivedBytes = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '/' } = request;
    const { pathname, searchParams } = new URL(url, 'http://store');
    const size = Number(/(\d+)\.bin$/.exec(pathname)?.[1] ?? 0);
    response.setHeader('etag', '"0123456789abcdef0123456789abcdef"');
    response.setHeader('last-modified', 'Mon, 02 Nov 2026 00:00:00 GMT');
    switch (method) {
      case 'GET':
        response.setHeader('content-type', 'application/octet-stream');
        response.setHeader('content-length', size);
        send(response, size);
        return;
      case 'HEAD':
        response.setHeader('content-length', size);
        response.end();
        return;
      case 'PUT': {
        const bytes = await countBytes(request);
        receivedBytes += bytes;
        response.end();
        return;
      }
      case 'POST':
        if (request.headers['content-type']?.startsWith('multipart/form-data') === true) {
          receivedBytes += await countFileBytes(request);
          response.writeHead(201, { 'content-type': 'application/json' });
          response.end('{"meta":{"code":201},"response":{"resourcetype":"Asset","id":"bench"}}');
          return;
        }
        await countBytes(request);
        response.setHeader('content-type', 'application/xml');
        response.end(multipartAnswer(pathname, searchParams.has('uploads')));
        return;
      default:
        response.writeHead(204).end();
    }
  };
  return {
    listener: (request, response) => {
      answer(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    },
    takeReceivedBytes: () => {
      const bytes = receivedBytes;
      receivedBytes = 0;
      return bytes;
    },
  };
}

function send(response: ServerResponse, size: number): void {
  let left = size;
  const fill = (): void => {
    for (let wantsMore = true; wantsMore && left > 0;) {
      const chunk = left < block.length ? block.subarray(0, left) : block;
      left -= chunk.length;
      wantsMore = response.write(chunk);
    }
    if (left === 0) response.end();
    else response.once('drain', fill);
  };
  fill();
}

function countBytes(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => resolve(bytes));
    request.on('error', reject);
  });
}

/** The size of the file in a multipart form, whose last part it must be. */
async function countFileBytes(request: IncomingMessage): Promise<number> {
  const [, boundary = ''] = /boundary=([^;]+)/.exec(request.headers['content-type'] ?? '') ?? [];
  let head = '';
  let headBytes: number | null = null;
  request.on('data', (chunk: Buffer) => {
    if (headBytes !== null) return;
    head += chunk.toString('latin1');
    const fileHead = /filename="[^]*?\r\n\r\n/.exec(head);
    if (fileHead !== null) headBytes = fileHead.index + fileHead[0].length;
  });
  const allBytes = await countBytes(request);
  return allBytes - (headBytes ?? 0) - `\r\n--${boundary}--\r\n`.length;
}

function multipartAnswer(pathname: string, starts: boolean): string {
  const [, bucket = '', ...key] = pathname.split('/');
  const name = `<Bucket>${bucket}</Bucket><Key>${key.join('/')}</Key>`;
  return starts
    ? `<InitiateMultipartUploadResult>${name}<UploadId>upload</UploadId></InitiateMultipartUploadResult>`
    : `<CompleteMultipartUploadResult>${name}<ETag>"0123456789abcdef0123456789abcdef-1"</ETag></CompleteMultipartUploadResult>`;
}
