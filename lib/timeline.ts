import { randomBytes } from 'node:crypto';
import { PutCommand, QueryCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { assetPartition } from './asset-key.ts';

export interface TimelineEntry {
  readonly at: string;
  readonly what: string;
  readonly jobId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const retentionSeconds = 90 * 86_400;

/** What happened to each asset, line by line, in DynamoDB; append-only. */
export class Timeline {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /** Adds a line to what happened to the asset; lines are kept for 90 days. */
  async append(key: string, entry: Omit<TimelineEntry, 'at'>): Promise<void> {
    const at = this.#now();
    await this.#database.send(
      new PutCommand({
        TableName: this.#table,
        Item: {
          pk: assetPartition(key),
          sk: `TIMELINE#${at.toISOString()}#${randomBytes(4).toString('hex')}`,
          at: at.toISOString(),
          ...entry,
          expiresAt: Math.floor(at.getTime() / 1_000) + retentionSeconds,
        },
      }),
    );
  }

  /** The newest lines of the timeline, oldest of them first. */
  async newest(key: string, limit = 200): Promise<TimelineEntry[]> {
    const { Items = [] } = await this.#database.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': assetPartition(key), ':prefix': 'TIMELINE#' },
        ScanIndexForward: false,
        Limit: limit,
      }),
    );
    const unexpired = Items.filter((item) => Number(item['expiresAt']) * 1_000 > this.#now().getTime());
    return unexpired.toReversed().map(({ pk: _pk, sk: _sk, expiresAt: _expiresAt, ...entry }) => {
      return entry as unknown as TimelineEntry;
    });
  }
}
