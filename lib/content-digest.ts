import { createHash } from 'node:crypto';

/** The length in bytes and the lower-case hex digests of a whole content. */
export type ContentDigest = { bytes: number; md5: string; sha256: string };

/** Counts and hashes a content in one pass. `result` may be called once, after the last `update`. */
export type RunningDigest = {
  readonly bytes: number;
  update(chunk: Uint8Array): void;
  result(): ContentDigest;
};

/** Starts the digest of a content that arrives in chunks. */
export function startDigest(): RunningDigest {
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    update(chunk) {
      bytes += chunk.byteLength;
      md5.update(chunk);
      sha256.update(chunk);
    },
    result: () => ({ bytes, md5: md5.digest('hex'), sha256: sha256.digest('hex') }),
  };
}
