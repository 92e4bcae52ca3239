import type { IncomingMessage } from 'node:http';
import type { buildApp } from 'fauxqs';

type App = ReturnType<typeof buildApp>;

/** As much of a request of the emulator's as is looked at. */
interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: IncomingMessage;
}

const largestRequest = 10 * 1024 * 1024;
const partBytes = 8 * 1024 * 1024;

/** Whether an object comes in a request that is larger than fauxqs takes. */
export function isLargePut({ method, url, headers }: Omit<Request, 'raw'>): boolean {
  return (
    method === 'PUT' && !url.includes('uploadId=') && Number(headers['content-length'] ?? 0) > largestRequest
  );
}

/** Takes objects that are put in one large request, which fauxqs refuses, part by part as it likes them. */
export function addLargePuts(app: App): void {
  app.addHook('onRequest', async (request: Request, reply) => {
    if (!isLargePut(request)) return;
    const path = request.url.split('?')[0] ?? '';
    const type = String(request.headers['content-type'] ?? 'application/octet-stream');
    const own = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const ask = async (
      method: 'POST' | 'PUT',
      query: string,
      payload: Buffer | string = '',
    ): Promise<string[]> => {
      const length = String(Buffer.byteLength(payload));
      const headers = { 'content-type': type, 'content-length': length, ...Object.fromEntries(own) };
      const answer = await app.inject({ method, url: `${path}?${query}`, payload, headers });
      if (answer.statusCode >= 300)
        throw new Error(`The S3 emulator answered ${answer.statusCode}: ${answer.body}`);
      return [answer.body, answer.headers['etag'] ?? ''];
    };
    const [begun = ''] = await ask('POST', 'uploads');
    const [, id = ''] = /<UploadId>([^<]+)</.exec(begun) ?? [];
    const parts: string[] = [];
    for await (const part of inParts(request.raw)) {
      const [, etag = ''] = await ask('PUT', `uploadId=${id}&partNumber=${parts.length + 1}`, part);
      parts.push(`<Part><PartNumber>${parts.length + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    }
    const list = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
    const [ended = ''] = await ask('POST', `uploadId=${id}`, list);
    const [, etag = ''] = /<ETag>([^<]+)</.exec(ended) ?? [];
    await reply.header('etag', etag.replaceAll('&quot;', '"')).status(200).send();
  });
}

async function* inParts(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < partBytes) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}
