import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { conditionHeld, ownMark } from './conditional-write.ts';
import type { ItemKey } from './leases.ts';

/** When a write is made: a condition expression with its own names and values. */
export interface Condition {
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Items of the table, each written under a condition and kept for a time. Errors are those of the AWS SDK. */
export class Items {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #retentionSeconds: number;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, retentionSeconds: number, now: () => Date) {
    this.#database = database;
    this.#table = table;
    this.#retentionSeconds = retentionSeconds;
    this.#now = now;
  }

  /** False when the item is there already. */
  create(key: ItemKey, item: object): Promise<boolean> {
    return this.put(key, item, { condition: 'attribute_not_exists(pk)', values: {} });
  }

  /** Writes an item whole, whether there is one already or not; false when the condition does not hold. */
  put(key: ItemKey, item: object, only: Condition): Promise<boolean> {
    const expiresAt = Math.floor(this.#now().getTime() / 1_000) + this.#retentionSeconds;
    const { writer, orOwn } = ownMark();
    return conditionHeld(
      this.#database.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...key, ...item, expiresAt, writer },
          ConditionExpression: orOwn(only.condition),
          ...(only.names !== undefined && { ExpressionAttributeNames: only.names }),
          ExpressionAttributeValues: { ...only.values, ':writer': writer },
        }),
      ),
    );
  }

  async read<T>(key: ItemKey): Promise<T | null> {
    const { Item } = await this.#database.send(
      new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    );
    return Item === undefined ? null : (withoutKeys(Item) as T);
  }

  /** All items of a partition whose sort key begins so, with their keys. */
  async list(pk: string, prefix: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    for (let start: Record<string, unknown> | undefined, isFirst = true; isFirst || start; isFirst = false) {
      const { Items: page = [], LastEvaluatedKey } = await this.#database.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
          ConsistentRead: true,
          ...(start !== undefined && { ExclusiveStartKey: start }),
        }),
      );
      items.push(...page);
      start = LastEvaluatedKey;
    }
    return items;
  }

  /**
   * Sets some attributes of an item, and removes those that are undefined; false when the item is not there or the
   * condition does not hold.
   */
  change(key: ItemKey, changes: object, only: Condition): Promise<boolean> {
    const entries = Object.entries(changes).map(([name, value]: [string, unknown], index) => {
      return { name, value, place: `set${index}` };
    });
    const set = entries.filter(({ value }) => value !== undefined);
    const removed = entries.filter(({ value }) => value === undefined);
    const { writer, orOwn } = ownMark();
    const parts = [
      `SET ${['writer = :writer', ...set.map(({ place }) => `#${place} = :${place}`)].join(', ')}`,
      ...(removed.length > 0 ? [`REMOVE ${removed.map(({ place }) => `#${place}`).join(', ')}`] : []),
    ];
    return conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: key,
          UpdateExpression: parts.join(' '),
          ConditionExpression: `attribute_exists(pk) AND (${orOwn(only.condition)})`,
          ExpressionAttributeNames: {
            ...only.names,
            ...Object.fromEntries(entries.map(({ name, place }) => [`#${place}`, name])),
          },
          ExpressionAttributeValues: {
            ...only.values,
            ':writer': writer,
            ...Object.fromEntries(set.map(({ value, place }) => [`:${place}`, value])),
          },
        }),
      ),
    );
  }
}

/** What an item holds beside its keys and its time to live. */
export function withoutKeys({
  pk: _pk,
  sk: _sk,
  expiresAt: _expiresAt,
  writer: _writer,
  ...item
}: Record<string, unknown>): object {
  return item;
}
