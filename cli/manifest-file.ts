import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  checkManifest,
  describeFault,
  mostFaults,
  type ManifestCheck,
  type ManifestFault,
} from '../lib/manifest/check-manifest.ts';
import { formatOf, type Reading } from '../lib/manifest/read-manifest.ts';
import { ReaderError } from './reader-error.ts';

/** A manifest on this machine. */
export interface ManifestFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly reading: Pick<Reading, 'format' | 'place'>;
  readonly open: () => AsyncIterable<Buffer>;
}

/**
 * Finds a manifest.
 * @throws ReaderError when it is not there, or its name tells no format
 */
export async function findManifest(path: string, source: string): Promise<ManifestFile> {
  const format = formatOf(path);
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true) throw new ReaderError(`There is no file ${path}.`, 2);
  if (format === null)
    throw new ReaderError(`${path} must end with .csv or .jsonl, to tell how it is read.`, 2);
  const time = new Date();
  return {
    path,
    name: basename(path),
    bytes: found.size,
    reading: { format, place: (row) => ({ source, eventId: `import/local/${row}`, time, bucket: 'inbox' }) },
    open: () => createReadStream(path, { highWaterMark: 256 * 1024 }),
  };
}

/** Checks the whole file as the connector will do it, before anything is sent. */
export function checkFile(
  { reading, open }: ManifestFile,
  onRows: (rows: number) => void,
): Promise<ManifestCheck> {
  return checkManifest(() => Promise.resolve(open()), reading, { onRows });
}

/** What is wrong with a manifest, a line for each fault. */
export function faultLines(name: string, faults: readonly ManifestFault[], faultCount: number): string[] {
  const more = faultCount - faults.length;
  return [
    ...faults.map((fault) => `${name}, ${describeFault(fault)}`),
    ...(more > 0 ? [`… and ${more} more; the first ${mostFaults} are shown.`] : []),
  ];
}
