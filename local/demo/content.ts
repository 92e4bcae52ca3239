import { createCipheriv } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startDigest } from '../../lib/content-digest.ts';

/** A file as its source has it; `size` in bytes, hashes in lower-case hex. */
export interface Content {
  readonly fileName: string;
  readonly mediaType: string;
  readonly size: number;
  readonly md5: string;
  readonly sha256: string;
  /** The bytes from the beginning, the same every time. */
  readonly open: () => Readable;
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.pdf': 'application/pdf',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.png': 'image/png',
  '.mp4': 'video/mp4',
};
const generatedChunkBytes = 1024 * 1024;

/** A file of samples/. */
export function sampleContent(fileName: string): Promise<Content> {
  const file = fileURLToPath(new URL(`../../samples/${fileName}`, import.meta.url));
  return describe(fileName, () => createReadStream(file));
}

/** Pseudo-random bytes that are made while they are read: never on disk, and in memory a chunk at a time. */
export function generatedContent(fileName: string, size: number): Promise<Content> {
  return describe(fileName, () =>
    Readable.from(keystream(fileName, size), { objectMode: false, highWaterMark: generatedChunkBytes }),
  );
}

async function describe(fileName: string, open: () => Readable): Promise<Content> {
  const digest = startDigest();
  for await (const chunk of open() as AsyncIterable<Buffer>) {
    digest.update(chunk);
    // Hashing is work without a pause; signals and child processes want their turn as well.
    await nextTurn();
  }
  const { bytes: size, md5, sha256 } = digest.result();
  const mediaType = mediaTypes[extname(fileName)] ?? 'application/octet-stream';
  return { fileName, mediaType, size, md5, sha256, open };
}

function* keystream(seed: string, size: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(generatedChunkBytes);
  for (let left = size; left > 0; left -= generatedChunkBytes) {
    yield cipher.update(left < generatedChunkBytes ? zeros.subarray(0, left) : zeros);
  }
}
