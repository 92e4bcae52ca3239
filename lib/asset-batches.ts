import {
  BatchGetCommand,
  UpdateCommand,
  type BatchGetCommandOutput,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { assetOf, assetStateKey } from './asset-item.ts';
import type { AppliedFile, Asset } from './asset-state.ts';
import { conditionHeld } from './conditional-write.ts';
import type { DesiredState } from './desired-state.ts';
import { jobIdOf, jobKey, unexpiredJob, type Job } from './jobs.ts';
import { assertStorable } from './state-size.ts';

/** An asset as it was read, and what shows whether anybody has written it since. */
export interface KnownAsset {
  readonly asset: Asset;
  readonly fence: number | null;
}

const mostKeysAtOnce = 100;

/** Many assets and jobs at once, for those who compare long lists with them. Errors are those of the AWS SDK. */
export class AssetBatches {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /** The assets of these keys, and the jobs of these ids, that there are; each may be asked for once. */
  async read(
    keys: readonly string[],
    jobIds: readonly string[] = [],
  ): Promise<{ assets: Map<string, KnownAsset>; jobs: Map<string, Job> }> {
    const wanted = [...keys.map(assetStateKey), ...jobIds.map(jobKey)];
    const assets = new Map<string, KnownAsset>();
    const jobs = new Map<string, Job>();
    for (let start = 0; start < wanted.length; start += mostKeysAtOnce) {
      for (const item of await this.#readSome(wanted.slice(start, start + mostKeysAtOnce))) {
        if (item['sk'] === 'JOB') {
          const job = unexpiredJob(item, this.#now());
          if (job !== null) jobs.set(jobIdOf(String(item['pk'])), job);
        } else {
          const asset = assetOf(item);
          assets.set(asset.key, { asset, fence: typeof item['fence'] === 'number' ? item['fence'] : null });
        }
      }
    }
    return { assets, jobs };
  }

  /**
   * Lays wishes that Showpad fulfils already into the state of an asset, and notes that the file it has serves them.
   * Nobody may write the asset meanwhile: it must stand as it was read, under no lease.
   * @returns false when somebody does, or has since; then nothing was changed
   * @throws {StateTooLargeError}
   */
  async settle(
    { asset: { key, desired: known, applied }, fence }: KnownAsset,
    desired: DesiredState,
    file: AppliedFile | undefined,
  ): Promise<boolean> {
    if (desired === known) return true;
    assertStorable(key, desired);
    const isUnleased = '(attribute_not_exists(leasedUntil) OR leasedUntil < :now)';
    const isSame = fence === null ? 'attribute_not_exists(fence)' : 'fence = :fence';
    const held =
      applied.file === undefined ? 'attribute_not_exists(applied.#file)' : 'applied.#file.fileId = :held';
    return conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: assetStateKey(key),
          UpdateExpression: `SET desired = :desired${file === undefined ? '' : ', applied.#file = :file'}`,
          ConditionExpression: `desired.generation = :known AND ${isUnleased} AND ${isSame} AND ${held}`,
          ExpressionAttributeNames: { '#file': 'file' },
          ExpressionAttributeValues: {
            ':desired': desired,
            ':known': known.generation,
            ':now': this.#now().getTime(),
            ...(fence !== null && { ':fence': fence }),
            ...(file !== undefined && { ':file': file }),
            ...(applied.file !== undefined && { ':held': applied.file.fileId }),
          },
        }),
      ),
    );
  }

  async #readSome(keys: readonly { pk: string; sk: string }[]): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let left: Record<string, unknown>[] = keys.map((key) => ({ ...key }));
    while (left.length > 0) {
      const answer: BatchGetCommandOutput = await this.#database.send(
        new BatchGetCommand({ RequestItems: { [this.#table]: { Keys: left, ConsistentRead: true } } }),
      );
      items.push(...(answer.Responses?.[this.#table] ?? []));
      left = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    return items;
  }
}
