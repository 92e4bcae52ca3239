import { randomBytes } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { conditionHeld } from './conditional-write.ts';
import { bindWork } from './current-work.ts';

/** The key of an item of the table. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** The right to act for one item; its fence is higher than that of every lease before. */
export interface ItemLease {
  readonly item: ItemKey;
  readonly fence: number;
  /** When it ends, in milliseconds since 1970. */
  readonly until: number;
}

/** A lease that was just taken, with its item as it has been since. */
export interface TakenLease extends ItemLease {
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The lease ran out or was taken over: whatever its holder was about to write must not be written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

// Clocks of two containers may differ by this much before two holders could overlap.
const clockSkewMs = 60_000;

/** Leases on items of the table, kept in the attributes `leasedUntil`, `leaseHolder` and `fence` of the item itself. */
export class Leases {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /**
   * Takes the lease of an item, or answers null while another holds it.
   * @param durationMs how long the holder can live at most; clock differences are added here
   * @param options.mustExist whether an item that is not there has no lease to give
   * @param options.noting parts of the item, by the attributes that keep what they were when the lease was taken
   */
  async acquire(
    item: ItemKey,
    durationMs: number,
    {
      mustExist = false,
      noting = {},
    }: { mustExist?: boolean; noting?: Readonly<Record<string, string>> } = {},
  ): Promise<TakenLease | null> {
    const now = this.#now().getTime();
    const until = now + durationMs + clockSkewMs;
    const notes = Object.entries(noting).map(([attribute, part]) => `, ${attribute} = ${part}`);
    const isFree = '(attribute_not_exists(leasedUntil) OR leasedUntil < :now OR leaseHolder = :holder)';
    try {
      const { Attributes: attributes = {} } = await this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: item,
          UpdateExpression: `SET leasedUntil = :until, leaseHolder = :holder${notes.join('')} ADD fence :one`,
          ConditionExpression: mustExist ? `attribute_exists(pk) AND ${isFree}` : isFree,
          ExpressionAttributeValues: {
            ':until': until,
            ':now': now,
            ':one': 1,
            // The SDK repeats a request whose answer was lost: the lease is then this very caller's.
            ':holder': randomBytes(9).toString('base64url'),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return { item, fence: Number(attributes['fence']), until, attributes };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return null;
      throw error;
    }
  }

  /**
   * Tells a story under a lease, and gives the lease back. Whatever the story asks of Showpad stops before the first
   * write that would come after the lease's end: a holder that was frozen, or whose clock has jumped, has no say.
   * @param isGivenBack whether the story has given it back already, with its last write
   */
  async hold<T>(
    lease: ItemLease,
    story: () => Promise<T>,
    isGivenBack: () => boolean = () => false,
  ): Promise<T> {
    const assertMayWrite = (): void => {
      if (isGivenBack()) throw new LeaseLostError('Nothing more is written once the lease is given back.');
      this.assertHeld(lease);
    };
    try {
      return await bindWork({ assertMayWrite }, story);
    } finally {
      // One that cannot be given back runs out by itself.
      if (!isGivenBack()) await this.release(lease).catch(() => undefined);
    }
  }

  /**
   * Looks at the clock only, so it may be asked before every effect.
   * @throws {LeaseLostError} when others may hold the lease by now
   */
  assertHeld({ until }: ItemLease): void {
    if (this.#now().getTime() < until - clockSkewMs) return;
    throw new LeaseLostError(
      'The lease ran out before its holder was done; nothing more is written under it.',
    );
  }

  /** A holder that has lost its lease changes nothing. */
  async release({ item, fence }: ItemLease): Promise<void> {
    await conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: item,
          UpdateExpression: 'REMOVE leasedUntil, leaseHolder',
          ConditionExpression: 'fence = :fence',
          ExpressionAttributeValues: { ':fence': fence },
        }),
      ),
    );
  }
}
