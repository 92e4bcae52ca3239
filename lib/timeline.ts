import { AsyncLocalStorage } from 'node:async_hooks';
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

/** Lines that wait to be written, by the key of their asset. */
type Gathered = Map<string, TimelineEntry[]>;

/** What happened to each asset, line by line, in DynamoDB; append-only. */
export class Timeline {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;
  readonly #gathering = new AsyncLocalStorage<Gathered>();

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /** Adds a line to what happened to the asset, at once or at the end of `gather`; lines are kept for 90 days. */
  async append(key: string, entry: Omit<TimelineEntry, 'at'>): Promise<void> {
    const line = { at: this.#now().toISOString(), ...entry };
    const gathered = this.#gathering.getStore();
    if (gathered === undefined) await this.#write(key, [line]);
    else gathered.set(key, [...(gathered.get(key) ?? []), line]);
  }

  /**
   * Tells a story, and writes the lines of each asset together when it is over, however it ended. Should its
   * container die half-way, its lines are in the log only.
   */
  gather<T>(story: () => Promise<T>): Promise<T> {
    return this.#gathering.run(new Map(), async () => {
      const result = await story().catch(async (error: unknown) => {
        await this.flush().catch(() => undefined);
        throw error;
      });
      await this.flush();
      return result;
    });
  }

  /** Writes what has been gathered so far, for a line that has to be there before the story goes on. */
  async flush(): Promise<void> {
    const gathered = this.#gathering.getStore() ?? new Map<string, TimelineEntry[]>();
    for (const [key, lines] of gathered) {
      gathered.delete(key);
      await this.#write(key, lines);
    }
  }

  async #write(key: string, lines: readonly TimelineEntry[]): Promise<void> {
    const expiresAt = Math.floor(this.#now().getTime() / 1_000) + retentionSeconds;
    const sk = `TIMELINE#${lines[0]?.at}#${randomBytes(4).toString('hex')}`;
    await this.#database.send(
      new PutCommand({ TableName: this.#table, Item: { pk: assetPartition(key), sk, lines, expiresAt } }),
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
    return unexpired
      .flatMap(({ lines }) => lines as TimelineEntry[])
      .toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)))
      .slice(-limit);
  }
}
