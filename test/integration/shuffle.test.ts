import { randomBytes, randomInt } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import { md5, startConnector, type Connector } from '../connector.ts';
import {
  arbitraryDeliveries,
  cloudEventOf,
  contentNames,
  fileAt,
  merge,
  mostUploads,
  wantedOf,
  type Deliveries,
  type Seen,
} from './arbitrary-deliveries.ts';

const runs = 50;
const longestMs = 120_000;
const longestShrinkingMs = 40_000;
const secret = `whsec_${randomBytes(24).toString('base64')}`;

let connector: Connector;
let filesUrl: string;
const fileByChecksum = new Map<string, string>();
beforeAll(async () => {
  connector = await startConnector({
    sources: { demo: { adapter: 'cloudevents', secrets: [secret], onDelete: 'delete' } },
    showpadEmulator: { divisions: [{ name: 'Marketing' }] },
    // What waits for an asset that never comes is not waited for here.
    parameters: { SourceDeadlineSeconds: '0' },
  });
  for (const name of contentNames) {
    const content = `%PDF-1.7\n${name}\nstartxref\n0\n%%EOF\n`;
    filesUrl = new URL('.', connector.serve(name, content)).href.replace(/\/$/, '');
    fileByChecksum.set(md5(content), name);
  }
});
afterAll(() => connector.stop());

/** Plays deliveries side by side, each to a fresh subject, and says of each what is not as it must be. */
async function play(all: readonly Deliveries[]): Promise<string[][]> {
  const run = randomBytes(6).toString('hex');
  const played = all.map((deliveries, nth) => ({ deliveries, subject: `shuffle-${run}-${nth}` }));
  const rounds = Math.max(...all.map(({ bursts }) => bursts.length));
  for (let round = 0; round < rounds; round += 1) {
    const lanes = played.map(({ deliveries, subject }) => deliver(deliveries, round, subject));
    await Promise.all(lanes);
    await connector.stack.settled(longestMs);
  }
  const jobs = await openJobs(run);
  return played.map(({ deliveries, subject }) => [
    ...faultsOf(deliveries, subject),
    ...jobs.filter((job) => job.startsWith(`${subject} `)),
  ]);
}

async function deliver({ events, bursts }: Deliveries, round: number, subject: string): Promise<void> {
  for (const index of bursts[round] ?? []) {
    const event = events[index];
    if (event === undefined) continue;
    const { status, body } = await connector.send(cloudEventOf(event, subject, filesUrl));
    if (status !== 200 && status !== 202) throw new Error(`Answered with ${status}: ${JSON.stringify(body)}`);
  }
}

/** Jobs of a run that have not ended, although nothing is left to do. */
async function openJobs(run: string): Promise<string[]> {
  const open: string[] = [];
  for (const state of ['received', 'staging', 'staged', 'uploading', 'applying', 'processing']) {
    const { body } = await connector.get<{ items: { id: string; subject: string; type: string }[] }>(
      `/jobs?state=${state}&limit=100`,
    );
    for (const { subject, type } of body.items) {
      if (subject.startsWith(`shuffle-${run}-`))
        open.push(`${subject} has a job ${type} that stays ${state}`);
    }
  }
  return open;
}

function faultsOf(deliveries: Deliveries, subject: string): string[] {
  const { showpad } = connector;
  const isOurs = ({ externalId }: EmulatedAsset): boolean => externalId === `demo:${subject}`;
  const present = showpad.assets.filter(isOurs);
  const wanted = wantedOf(merge(deliveries.events));
  const seen = present.map(seenOf);
  const expected = wanted === null ? [] : [{ ...wanted, url: wanted.url.split('/').at(-1) }];
  const faults: string[] = [];
  if (JSON.stringify(seen) !== JSON.stringify(expected)) {
    faults.push(`Showpad holds ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`);
  }
  const uploads = [...showpad.deletedAssets.filter(isOurs), ...present].map(uploadsOf);
  const most = mostUploads(deliveries);
  if (uploads.flat().length > most) {
    faults.push(
      `bytes were sent ${uploads.flat().length} times (${uploads.join(' | ')}), but ${most} times would do`,
    );
  }
  for (const ofAsset of uploads) {
    const repeated = ofAsset.find((name, nth) => name === ofAsset[nth - 1]);
    if (repeated !== undefined) faults.push(`${repeated} was sent twice in a row`);
  }
  return faults;
}

function seenOf(asset: EmulatedAsset): Seen {
  const { name, description, isSensitive, isArchived } = asset;
  return {
    name,
    description,
    languages: asset.languages.map(({ code }) => code).toSorted(),
    isSensitive,
    isShareable: asset.permissions.isShareable,
    tags: asset.tags
      .map(({ id }) => connector.showpad.tags.find((tag) => tag.id === id)?.name ?? id)
      .toSorted(),
    isArchived,
    url: fileByChecksum.get(asset.checksum ?? '') ?? 'no file',
  };
}

/** The files that were put to an asset's upload links, in that order. */
function uploadsOf({ files }: EmulatedAsset): string[] {
  const fileIds = new Set(files.map(({ id }) => id));
  return connector.showpad.requests
    .filter(
      ({ listener, path }) => listener === 'upload' && path.split('/').some((part) => fileIds.has(part)),
    )
    .map(({ headers }) => checksumOf(headers['content-md5'] ?? ''))
    .map((checksum) => fileByChecksum.get(checksum) ?? checksum);
}

function checksumOf(contentMd5: string): string {
  return Buffer.from(contentMd5, 'base64').toString('hex');
}

test(
  'any order, with repetitions, ends in Showpad as the right order does, with one asset and no needless upload',
  { timeout: 3 * longestMs },
  async () => {
    const seed = randomInt(2 ** 31);
    const all = await play(fc.sample(arbitraryDeliveries, { seed, numRuns: runs }));
    const failed = all.findIndex((faults) => faults.length > 0);
    if (failed === -1) return;
    // The one that failed again, by itself, for the smallest example.
    const alone = fc.asyncProperty(arbitraryDeliveries, async (deliveries) => {
      expect((await play([deliveries])).flat()).toEqual([]);
    });
    const options = { seed, path: String(failed), numRuns: 1, interruptAfterTimeLimit: longestShrinkingMs };
    await fc.assert(alone, options);
    const times = all.filter((faults) => faults.length > 0).length;
    throw new Error(
      `${times} of ${runs} runs failed, but the first not again by itself (seed ${seed}, path ${failed}): ${all.flat().join('; ')}`,
    );
  },
);

const upsert = (name: string, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  data: { file: fileAt(name), metadata },
});
const change = (data: Record<string, unknown>) => ({ type: 'asset.metadata', data });
const becomes = (type: string) => ({ type: `asset.${type}`, data: {} });
const oneByOne = (
  arrivals: readonly number[],
  events: readonly { readonly type: string; readonly data: Record<string, unknown> }[],
): Deliveries => ({
  events: events.map((event, minute) => ({ ...event, minute })),
  bursts: arrivals.map((index) => [index]),
});

test('so do the orders that are hardest to get right', async () => {
  const orders: Record<string, Deliveries> = {
    'the same list of tags again, after a tag was added beside it': oneByOne(
      [0, 1, 2],
      [
        upsert('one.pdf', { tags: ['red'] }),
        change({ tags: { add: ['blue'] } }),
        change({ metadata: { tags: ['red'] } }),
      ],
    ),
    'a list of tags that comes after what was added to it': oneByOne(
      [0, 2, 1],
      [upsert('one.pdf'), change({ metadata: { tags: ['red'] } }), change({ tags: { add: ['blue'] } })],
    ),
    'content that comes back': oneByOne(
      [0, 2, 1, 3],
      [upsert('one.pdf'), upsert('two.pdf'), upsert('one.pdf'), upsert('two.pdf')],
    ),
    'content that comes after the archive that followed it': oneByOne(
      [2, 0, 1],
      [upsert('one.pdf'), change({ metadata: { description: 'text' } }), becomes('archive')],
    ),
    'a permanent delete that comes after the upsert that followed it': oneByOne(
      [0, 2, 1],
      [upsert('one.pdf', { description: 'text' }), becomes('delete'), upsert('two.pdf')],
    ),
    'a permanent delete that comes after the restore that followed it': oneByOne(
      [0, 2, 1],
      [upsert('one.pdf'), becomes('delete'), becomes('restore')],
    ),
    'a permanent delete that comes after everything that followed it': oneByOne(
      [2, 3, 1, 0],
      [
        upsert('one.pdf', { tags: ['red'] }),
        becomes('delete'),
        upsert('one.pdf'),
        change({ tags: { add: ['blue'] } }),
      ],
    ),
  };
  const played = await play(Object.values(orders));
  const faults = Object.keys(orders).map((name, nth) => [name, played[nth]] as const);
  expect(Object.fromEntries(faults.filter(([, found]) => found?.length !== 0))).toEqual({});
});
