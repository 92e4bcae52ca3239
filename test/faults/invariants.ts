import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { assetPartition } from '../../lib/asset-key.ts';
import type { Connector } from '../connector.ts';
import type { Run } from './run.ts';

/** What the library must show of a subject in the end; null when there must be no asset. */
export interface Expected {
  readonly md5: string | null;
  readonly url: string | null;
  readonly description: string | null;
  readonly isArchived: boolean;
  readonly tags: readonly string[];
}

const ends = ['done', 'superseded'];

/** Every way in which a run broke what the connector promises, a sentence each. */
export async function violations(
  { showpad, stack, job }: Connector,
  run: Run,
  expected: Expected | null,
): Promise<string[]> {
  const found: string[] = [];
  for (const id of run.jobIds) {
    const { state, error } = await job(id);
    if (!ends.includes(state)) found.push(`job ${id} is ${state}: ${JSON.stringify(error)}`);
  }
  const assets = showpad.assets.filter(({ externalId }) => externalId === run.externalId);
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
  for (const { files } of everMade) {
    const uploads = files.flatMap((file) => file.uploads.map(({ md5 }) => md5));
    const repeated = new Set(uploads.filter((md5, index) => uploads.indexOf(md5) !== index));
    for (const md5 of repeated) found.push(`the bytes ${md5} were uploaded more than once`);
    // A file that was made, but neither filled nor known to us, is left where nobody can have heard of it, or
    // where its transfer broke: it never becomes the current file.
    const orphans = files.filter(({ status }) => status === 'prepared').length;
    const reasons = run.faults.filter((fault) => /POST \/v4\/assets\/\{id\}\/files|PUT \(upload\)|SET applied.file|Update ASSET/.test(fault));
    if (orphans > reasons.length) found.push(`${orphans} files are left prepared, which ${reasons.length} faults explain`);
  }
  found.push(...(await unfinished(stack, run)));
  return found;
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

/** What is left in the staging bucket, and the messages that nobody could handle. */
export async function leftovers({ stack }: Connector): Promise<{ staged: string[]; deadLetters: string[] }> {
  const { Contents = [] } = await stack.clients.s3.send(
    new ListObjectsV2Command({ Bucket: stack.buckets['staging'] }),
  );
  const deadLetters = await stack.deadLetters();
  return {
    staged: Contents.map(({ Key = '' }) => Key),
    deadLetters: deadLetters.map(({ queue, body }) => `${queue}: ${body}`),
  };
}
