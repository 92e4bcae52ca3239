import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { MyFilesUpload } from '../../lib/showpad/my-files.ts';
import { startRawServer } from './showpad-client-server.ts';

/** An answer of API v3 to an upload. */
export const asset = { meta: { code: 201 }, response: { resourcetype: 'Asset', id: 'a1' } };

/** An upload of 10 bytes, unless `more` says otherwise. */
export function uploadOf(
  chunks: Iterable<string | Buffer> | Readable,
  more: Partial<MyFilesUpload> = {},
): MyFilesUpload {
  const body = chunks instanceof Readable ? chunks : Readable.from(chunks, { objectMode: false });
  const file = { name: 'Plan.pdf', fileName: 'Plan.pdf', contentType: 'application/pdf' };
  return { divisionId: 'd1', folder: '/', ...file, body, size: 10, ...more };
}

/** A body of `chunks` that then neither goes on nor ends. */
export function stalling(...chunks: string[]): Readable {
  return new Readable({
    read() {
      const chunk = chunks.shift();
      if (chunk !== undefined) this.push(chunk);
    },
  });
}

/** A server that counts the forms it got whole, and answers them. */
export async function receiving(answer: (response: ServerResponse) => void = () => undefined) {
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
