import {
  GetCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import { assetAsRead, assetOf, assetStateKey } from './asset-item.ts';
import { assetKey } from './asset-key.ts';
import { nothingApplied, type AppliedFile, type Asset, type Lease, type StagedFile } from './asset-state.ts';
import { conditionHeld } from './conditional-write.ts';
import { LeaseLostError, Leases, type TakenLease } from './leases.ts';
import { assertStorable } from './state-size.ts';
import { nothingKnown, writeParts, type KnownParts } from './known-parts.ts';
import { emptyDesiredState, mergeWishes, type DesiredState, type Wish } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';

const mostMergeAttempts = 60;
const isHeld = 'fence = :fence AND leasedUntil > :now';
// The SDK repeats a request whose answer was lost: the lease may be given back by then.
const isHeldOrGivenBack = 'fence = :fence AND (leasedUntil > :now OR attribute_not_exists(leasedUntil))';

/** Desired and applied state of assets in DynamoDB; the only file that knows how they are stored. */
export class Assets {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;
  readonly #random: () => number;
  readonly #leases: Leases;
  readonly #givenBack = new WeakSet<Lease>();
  readonly #owed = new WeakMap<Lease, KnownParts>();

  constructor(
    database: DynamoDBDocumentClient,
    table: string,
    now: () => Date = () => new Date(),
    random: () => number = Math.random,
  ) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
    this.#random = random;
    this.#leases = new Leases(database, table, now);
  }

  async get(key: string): Promise<Asset | null> {
    const item = await this.#read(key);
    return item === undefined ? null : assetAsRead(item, this.#now());
  }

  /**
   * Lays the wishes of an event into the desired state. Safe to repeat and to run beside others: a write that
   * met a newer state is made again on top of it.
   * @throws {Error} when the state changed under it again and again
   */
  async merge(
    event: { source: string; subject: string; order: EventOrder },
    wishes: readonly Wish[],
  ): Promise<Asset> {
    const key = assetKey(event.source, event.subject);
    for (let attempt = 0; attempt < mostMergeAttempts; attempt += 1) {
      const item = await this.#read(key);
      const present = item === undefined ? emptyDesiredState : assetOf(item).desired;
      const desired = mergeWishes(present, event.order, wishes);
      if (item !== undefined && desired === present) return assetOf(item);
      assertStorable(key, desired);
      if (await this.#writeDesired(key, event, desired, item === undefined ? null : present.generation)) {
        return item === undefined
          ? { key, source: event.source, subject: event.subject, desired, applied: nothingApplied }
          : { ...assetOf(item), desired };
      }
      await pause(this.#random() * Math.min(200, 5 * 2 ** attempt));
    }
    throw new Error(`The desired state of ${key} kept changing while an event was laid into it.`);
  }

  async #writeDesired(
    key: string,
    event: { source: string; subject: string },
    desired: DesiredState,
    knownGeneration: number | null,
  ): Promise<boolean> {
    return conditionHeld(
      this.#update(key, {
        UpdateExpression:
          'SET desired = :desired, #source = :source, subject = :subject, applied = if_not_exists(applied, :nothing)',
        ConditionExpression:
          knownGeneration === null ? 'attribute_not_exists(pk)' : 'desired.generation = :known',
        ExpressionAttributeNames: { '#source': 'source' },
        ExpressionAttributeValues: {
          ':desired': desired,
          ':source': event.source,
          ':subject': event.subject,
          ':nothing': nothingApplied,
          ...(knownGeneration !== null && { ':known': knownGeneration }),
        },
      }),
    );
  }

  /** Notes where the bytes of a content wish are staged; false when newer content has overtaken the wish. */
  async recordStaged(key: string, staged: StagedFile): Promise<boolean> {
    return conditionHeld(
      this.#update(key, {
        UpdateExpression: 'SET staged = :staged',
        ConditionExpression:
          'desired.content.#order = :order AND (attribute_not_exists(staged) OR staged.#order <> :order OR staged.objectKey = :objectKey)',
        ExpressionAttributeNames: { '#order': 'order' },
        ExpressionAttributeValues: {
          ':staged': staged,
          ':order': staged.order,
          ':objectKey': staged.objectKey,
        },
      }),
    );
  }

  /**
   * Forgets staged bytes, once they are of no further use or turned out to be gone.
   * @param lease of the holder who says so; anybody may forget what is of no use to anybody
   * @throws {LeaseLostError} when the lease is no longer this holder's
   */
  async forgetStaged(key: string, staged: StagedFile, lease?: Lease): Promise<void> {
    const isForgotten = await conditionHeld(
      this.#update(key, {
        UpdateExpression: 'REMOVE staged',
        ConditionExpression: `staged.objectKey = :objectKey${lease === undefined ? '' : ` AND ${isHeld}`}`,
        ExpressionAttributeValues: {
          ':objectKey': staged.objectKey,
          ...(lease !== undefined && this.#held(lease)),
        },
      }),
    );
    if (!isForgotten && lease !== undefined) throw new LeaseLostError(`The lease of ${key} was lost.`);
  }

  /**
   * Takes the lease of an asset for as long as this invocation can live, or answers null while another holds it.
   * @param durationMs how long the holder can live at most; clock differences are added here
   */
  async acquire(key: string, durationMs: number): Promise<Lease | null> {
    const lease = await this.#take(key, durationMs);
    return lease === null ? null : { key, fence: lease.fence, until: lease.until };
  }

  /** A holder that has lost its lease changes nothing. */
  release(lease: Lease): Promise<void> {
    return this.#leases.release({ item: assetStateKey(lease.key), ...lease });
  }

  /**
   * Runs a story under the asset's lease, on the state as it is once the lease is held, and gives the lease back.
   * Answers null, without running anything, while another invocation holds it.
   */
  async underLease<T>(
    key: string,
    durationMs: number,
    story: (lease: Lease, asset: Asset) => Promise<T>,
  ): Promise<T | null> {
    const taken = await this.#take(key, durationMs);
    if (taken === null) return null;
    const lease = { key, fence: taken.fence, until: taken.until };
    return this.#leases.hold(
      taken,
      async () => {
        try {
          return await story(lease, assetOf(taken.attributes));
        } finally {
          if (this.#owed.has(lease)) await this.recordLast(lease, {});
        }
      },
      () => this.#givenBack.has(lease),
    );
  }

  /**
   * Writes what is now known of the asset in Showpad; only the named parts change, and undefined removes one.
   * @throws {LeaseLostError} when the lease is no longer this holder's
   */
  record(lease: Lease, parts: KnownParts): Promise<void> {
    return this.#record(lease, parts, { condition: isHeld, removed: [] });
  }

  /**
   * Writes with the next note under the lease, or when the lease is given back, what a holder that dies before that
   * can find again. Only within `underLease`.
   */
  recordSoon(lease: Lease, parts: KnownParts): void {
    this.#owed.set(lease, { ...this.#owed.get(lease), ...parts });
  }

  /**
   * Writes the last that is to be written under a lease, and gives the lease back with it.
   * @throws {LeaseLostError} when the lease is no longer this holder's
   */
  async recordLast(lease: Lease, parts: KnownParts): Promise<void> {
    await this.#record(lease, parts, {
      condition: isHeldOrGivenBack,
      removed: ['leasedUntil', 'leaseHolder'],
    });
    this.#givenBack.add(lease);
  }

  async #record(
    lease: Lease,
    parts: KnownParts,
    { condition, removed }: { condition: string; removed: readonly string[] },
  ): Promise<void> {
    const { expression, names, values } = writeParts({ ...this.#owed.get(lease), ...parts }, removed);
    const held = await conditionHeld(
      this.#update(lease.key, {
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ...values, ...this.#held(lease) },
      }),
    );
    if (!held) throw new LeaseLostError(`The lease of ${lease.key} was lost before its outcome was written.`);
    this.#owed.delete(lease);
  }

  /**
   * Forgets an asset that Showpad no longer shows. The note of an intent makes the next try look for it, and
   * wait, before it makes another.
   * @throws {LeaseLostError} when the lease is no longer this holder's
   */
  async forgetAsset(lease: Lease): Promise<void> {
    const intent = { at: this.#now().toISOString(), applied: nothingApplied, isFindable: true };
    await this.record(lease, { ...nothingKnown, intent });
  }

  /**
   * Notes how the processing of a file ended. Needs no lease, because it only speaks of the file it names;
   * false when that file is no longer the newest one.
   * @param served the staged bytes that are forgotten with it; false, and nothing is noted, when others are staged
   */
  async recordProcessed(
    key: string,
    file: AppliedFile,
    state: 'usable' | 'failed',
    served?: StagedFile,
  ): Promise<boolean> {
    const { fileId, md5, size } = file;
    const usable = state === 'usable' ? ', applied.usableFile = :usable' : '';
    return conditionHeld(
      this.#update(key, {
        UpdateExpression: `SET applied.#file.#state = :state${usable}${served === undefined ? '' : ' REMOVE staged'}`,
        ConditionExpression: `applied.#file.fileId = :fileId${served === undefined ? '' : ' AND staged.objectKey = :objectKey'}`,
        ExpressionAttributeNames: { '#file': 'file', '#state': 'state' },
        ExpressionAttributeValues: {
          ':state': state,
          ':fileId': fileId,
          ...(state === 'usable' && { ':usable': { fileId, md5, size } }),
          ...(served !== undefined && { ':objectKey': served.objectKey }),
        },
      }),
    );
  }

  #take(key: string, durationMs: number): Promise<TakenLease | null> {
    return this.#leases.acquire(assetStateKey(key), durationMs, {
      mustExist: true,
      noting: { leasedGeneration: 'desired.generation' },
    });
  }

  #held({ fence }: Lease): Record<string, unknown> {
    return { ':fence': fence, ':now': this.#now().getTime() };
  }

  #update(key: string, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<UpdateCommandOutput> {
    return this.#database.send(
      new UpdateCommand({ TableName: this.#table, Key: assetStateKey(key), ...change }),
    );
  }

  async #read(key: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.#database.send(
      new GetCommand({ TableName: this.#table, Key: assetStateKey(key), ConsistentRead: true }),
    );
    return Item;
  }
}
