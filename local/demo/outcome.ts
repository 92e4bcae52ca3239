import type { Delivery } from './delivery.ts';
import { assetsOf, requestsAbout, tagNamesOf } from './showpad-view.ts';
import type { ShowpadAsset, ShowpadLibrary, ShowpadRequest } from './showpad-view.ts';

/** Showpad's bytes beside those of the source; `unwanted` where it was not to use any. */
export type ReceivedBytes = 'equal' | 'different' | 'missing' | 'unwanted';

/** What Showpad has of one delivery, and everything about it that is not as it must be. */
export interface Outcome {
  readonly delivery: Delivery;
  readonly asset: ShowpadAsset | undefined;
  readonly bytes: ReceivedBytes;
  /** Undefined where the calls of several jobs of one asset cannot be told apart. */
  readonly showpadCalls: number | undefined;
  readonly faults: readonly string[];
}

/** Compares every delivery with what Showpad holds and with what it was asked. */
export function judgeDeliveries(
  deliveries: readonly Delivery[],
  library: ShowpadLibrary,
  requests: readonly ShowpadRequest[],
): Outcome[] {
  return deliveries.map((delivery) => {
    const { subject } = delivery.publication;
    const siblings = deliveries.filter(({ publication }) => publication.subject === subject);
    const [asset, ...others] = assetsOf(library, subject);
    const bytes = receivedBytes(asset, delivery);
    const isNewest = siblings.every(({ publication }) => publication.time <= delivery.publication.time);
    const faults = [
      ...(asset === undefined ? ['Showpad has no asset for it'] : []),
      ...(others.length > 0 ? [`Showpad has ${others.length + 1} assets for it`] : []),
      ...(bytes === 'different' ? ['Showpad has other bytes than its source'] : []),
      ...(bytes === 'missing' ? ['Showpad has not received its bytes'] : []),
      ...(asset !== undefined && isNewest && delivery.expected === 'done'
        ? libraryFaults(asset, delivery, library)
        : []),
    ];
    return {
      delivery,
      asset,
      bytes,
      showpadCalls: countCalls(asset, delivery, siblings, requests),
      // Where the job has ended otherwise, everything else follows from that.
      faults: delivery.state === delivery.expected ? faults : [jobFault(delivery)],
    };
  });
}

function jobFault({ job, expected, state }: Delivery): string {
  const why = job?.error ? ` (${job.error.code}: ${job.error.message})` : '';
  return `its job is ${state} instead of ${expected}${why}`;
}

function receivedBytes(
  asset: ShowpadAsset | undefined,
  { job, expected, publication }: Delivery,
): ReceivedBytes {
  if (expected !== 'done') return 'unwanted';
  const upload = asset?.files.find(({ id }) => id === job?.showpad.fileId)?.uploads.at(-1);
  const { md5, sha256, size } = publication.content;
  if (upload === undefined) return 'missing';
  const isEqual = upload.md5 === md5 && upload.sha256 === sha256 && upload.size === size;
  return isEqual ? 'equal' : 'different';
}

/** What a person who opens the library must find. */
function libraryFaults(
  asset: ShowpadAsset,
  { job, publication }: Delivery,
  library: ShowpadLibrary,
): string[] {
  const { content, metadata } = publication;
  const expectations: [what: string, actual: unknown, expected: unknown][] = [
    ['asset id of its job', job?.showpad.assetId, asset.id],
    ['status', asset.status, 'active'],
    ['archived', asset.isArchived, false],
    ['current file', asset.currentFile?.id, job?.showpad.fileId],
    ['MD5', asset.checksum, content.md5],
    ['size', asset.size, content.size],
    ['name', asset.name, metadata.name],
    ['description', asset.description, metadata.description],
    ['tags', sorted(tagNamesOf(asset, library)), sorted(metadata.tags)],
    ['languages', sorted(codesOf(asset.languages)), sorted(metadata.languages)],
    ['countries', sorted(codesOf(asset.countries)), sorted(metadata.countries)],
  ];
  return expectations
    .filter(([, actual, expected]) => actual !== expected)
    .map(
      ([what, actual, expected]) =>
        `its ${what} in Showpad is ${String(actual)} instead of ${String(expected)}`,
    );
}

function codesOf(list: readonly { code: string }[]): string[] {
  return list.map(({ code }) => code);
}

function sorted(names: readonly string[]): string {
  return names.toSorted().join(', ');
}

/** A delivery's calls are those between its sending and the sending of the next one of its subject. */
function countCalls(
  asset: ShowpadAsset | undefined,
  delivery: Delivery,
  siblings: readonly Delivery[],
  requests: readonly ShowpadRequest[],
): number | undefined {
  if (delivery.expected === 'superseded' || asset === undefined) return undefined;
  const next = siblings
    .filter(({ expected }) => expected !== 'superseded')
    .map(({ showpadPosition }) => showpadPosition)
    .filter((position) => position > delivery.showpadPosition);
  const end = Math.min(...next);
  return requestsAbout(asset, requests).filter(
    ({ sequence }) => sequence > delivery.showpadPosition && sequence <= end,
  ).length;
}
