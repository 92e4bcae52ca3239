import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { assetPartition } from '../../lib/asset-key.ts';
import type { EmulatedAsset } from '../../local/showpad/asset-resource.ts';
import type { ReasonCode } from '../../lib/reasons.ts';
import type { Connector } from '../connector.ts';
import type { FaultRig } from './fault-rig.ts';
import type { Run } from './run.ts';

/** What the library must show of a subject in the end; null when there must be no asset. */
export interface Expected {
  readonly md5: string | null;
  readonly url: string | null;
  readonly description: string | null;
  readonly isArchived: boolean;
  readonly tags: readonly string[];
}

/** For reports. */
export const checkedInvariants =
  'every job has ended, and has failed only where its fault was permanent, with its reason; every end was told to ' +
  'other systems, as it was, and nothing else; at most one asset has ' +
  'the external id, and it shows the newest wish, byte for byte; everybody has at most one copy of a content; no ' +
  'bytes were uploaded twice; no file is left prepared but for a fault that explains it; no intent and no lease is ' +
  'left; no two writes to an asset overlapped; no message and no dead letter is left; nothing is staged that would ' +
  'not expire; no secret was logged';

/**
 * A file record whose making, whose noting or whose transfer was stopped stays prepared: nobody knows it, or its
 * bytes were sent as another file. It never becomes the asset's current file.
 */
const makesOrphan =
  /^(?!repeat).*(?:POST \/v4\/assets\/\{id\}\/files|SET (?:applied\.\w+ )*applied\.file(?: applied\.oldest)?(?: REMOVE(?: intent)?(?: applied\.url)?)?|PUT \(upload\)) #/;

const ends = ['done', 'superseded'];

/** Every way in which a run broke what the connector promises, a sentence each. */
export async function violations(
  { showpad, stack, job }: Connector,
  run: Run,
  expected: Expected | null,
  reason?: ReasonCode,
): Promise<string[]> {
  const found = await unendedJobs({ job }, run, reason);
  const assets = assetsOf({ showpad }, run);
  const [asset] = assets;
  if (assets.length > 1) found.push(`${assets.length} assets carry ${run.externalId}`);
  if (asset === undefined && expected !== null) found.push('there is no asset');
  if (asset !== undefined && expected === null) found.push('there still is an asset');
  if (asset !== undefined && expected !== null) {
    const shown = {
      md5: asset.checksum,
      url: asset.url,
      description: asset.description,
      isArchived: asset.isArchived,
      tags: asset.tags.map(({ id }) => showpad.tags.find((tag) => tag.id === id)?.name ?? id).toSorted(),
    };
    const wanted = { ...expected, tags: expected.tags.toSorted() };
    if (JSON.stringify(shown) !== JSON.stringify(wanted)) {
      found.push(`the library shows ${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`);
    }
  }
  const everMade = [...showpad.assets, ...showpad.deletedAssets].filter(
    ({ externalId }) => externalId === run.externalId,
  );
  for (const made of everMade) {
    const { files } = made;
    // What could not be processed is not there: whoever was interrupted before saying so may try it once more.
    const kept = files.filter(({ status }) => status !== 'failed');
    const uploads = kept.flatMap((file) => file.uploads.map(({ md5 }) => md5));
    const repeated = new Set(uploads.filter((md5, index) => uploads.indexOf(md5) !== index));
    for (const md5 of repeated) found.push(`the bytes ${md5} were uploaded more than once`);
    // With its asset a file goes before Showpad has begun with it.
    const isDeleted = showpad.deletedAssets.includes(made);
    const isOrphan = (file: (typeof files)[number]): boolean =>
      file.status === 'prepared' && !(isDeleted && file.uploads.length > 0);
    const orphans = files.filter(isOrphan).length;
    const reasons = [...run.faultsBefore, ...run.faults].filter((fault) => makesOrphan.test(fault)).length;
    if (orphans > reasons) found.push(`${orphans} files are left prepared, which ${reasons} faults explain`);
  }
  found.push(...(await unfinished(stack, run)));
  return found;
}

/**
 * The jobs of a run that have not ended as they should.
 * @param reason why they have to fail, where they are to fail
 */
export async function unendedJobs(
  { job }: Pick<Connector, 'job'>,
  run: Run,
  reason?: ReasonCode,
): Promise<string[]> {
  const found: string[] = [];
  for (const id of run.jobIds) {
    const { state, error } = await job(id);
    const isRight = reason === undefined ? ends.includes(state) : error?.code === reason;
    if (!isRight) found.push(`job ${id} is ${state}: ${JSON.stringify(error)}`);
  }
  return found;
}

/** The assets of the library that carry the external id of a run. */
export function assetsOf({ showpad }: Pick<Connector, 'showpad'>, run: Run): EmulatedAsset[] {
  return showpad.assets.filter(({ externalId }) => externalId === run.externalId);
}

/** What the table still holds of something that was begun. */
async function unfinished({ clients, tableName }: Connector['stack'], run: Run): Promise<string[]> {
  const { Item } = await DynamoDBDocumentClient.from(clients.dynamodb).send(
    new GetCommand({ TableName: tableName, Key: { pk: assetPartition(run.externalId), sk: 'STATE' } }),
  );
  const leasedUntil: unknown = Item?.['leasedUntil'];
  return [
    ...(Item?.['intent'] === undefined ? [] : ['an intent to create is left']),
    ...(typeof leasedUntil === 'number' && leasedUntil > Date.now() ? ['a lease is still held'] : []),
  ];
}

/** What is wrong with the connector as a whole, after everything has come to its end. */
export async function commonProblems({ connector, writes, logged, outcomes }: FaultRig): Promise<string[]> {
  const { stack } = connector;
  const { Contents = [] } = await stack.clients.s3.send(
    new ListObjectsV2Command({ Bucket: stack.buckets['staging'] }),
  );
  const deadLetters = await stack.deadLetters();
  return [
    ...deadLetters.map(({ queue, body }) => `a dead letter in ${queue}: ${body}`),
    ...writes.takeOverlaps().map((overlap) => `overlapping writes: ${overlap}`),
    ...outcomes.problems().map((problem) => `outcomes: ${problem}`),
    ...logged.takeSecrets().map((line) => `a secret was logged: ${line}`),
    ...Contents.filter(({ Key = '' }) => !Key.startsWith('staged/')).map(({ Key }) => `${Key} never expires`),
  ];
}
