import { Readable } from 'node:stream';
import type { Upload } from '../../lib/showpad/upload.ts';

export const pdf = 'application/pdf';
export const contentMD5 = '1B2M2Y8AsgTpgAmY7PhCfg==';

/** An upload of ten bytes to a link, if not told otherwise. */
export function uploadOf(
  url: string,
  chunks: Iterable<string | Buffer> | Readable,
  more: Partial<Upload> = {},
): Upload {
  const body = chunks instanceof Readable ? chunks : Readable.from(chunks, { objectMode: false });
  return { uploadMeta: { uploadUrl: url, suggestedContentType: pdf }, body, size: 10, contentMD5, ...more };
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
