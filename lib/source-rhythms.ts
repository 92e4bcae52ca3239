import { QueryCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from './items.ts';
import type { ItemKey } from './leases.ts';
import type { Rhythm } from './usual-gap.ts';

/** What is known of how often each source sends events. */
export interface Rhythms {
  /** Up to when its events have been heard; null at the very beginning. */
  readonly untilMs: number | null;
  readonly sources: Readonly<Record<string, HeardSource>>;
}

export interface HeardSource {
  readonly rhythm: Rhythm;
  /** When its silence was told, while it lasts. */
  readonly toldAtMs?: number | undefined;
}

/** Events that have come, and up to when there are no others. */
export interface Arrivals {
  readonly events: readonly { readonly source: string; readonly atMs: number }[];
  readonly untilMs: number;
}

const item: ItemKey = { pk: 'SWEEP', sk: 'SOURCES' };
const retentionSeconds = 45 * 86_400;
const pageSize = 1_000;
const dayMs = 86_400_000;

/** The rhythms of the sources, in DynamoDB, and the events they are learned from. Errors are those of the AWS SDK. */
export class SourceRhythms {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #items: Items;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#items = new Items(database, table, retentionSeconds, now);
  }

  async read(): Promise<Rhythms> {
    return (await this.#items.read<Rhythms>(item)) ?? { untilMs: null, sources: {} };
  }

  /** Never goes back behind what somebody else has heard meanwhile. */
  async save(rhythms: Rhythms & { readonly untilMs: number }): Promise<void> {
    await this.#items.put(item, rhythms, {
      condition: 'attribute_not_exists(untilMs) OR untilMs <= :untilMs',
      values: { ':untilMs': rhythms.untilMs },
    });
  }

  /**
   * The new events of all sources in a span of time, in their order, page by page: those that have a job. An event
   * that was delivered again, or refused, is none.
   */
  async *arrivals(fromMs: number, toMs: number): AsyncGenerator<Arrivals, void, undefined> {
    for (let dayStartMs = fromMs - (fromMs % dayMs); dayStartMs <= toMs; dayStartMs += dayMs) {
      let after: Record<string, unknown> | undefined;
      do {
        const { Items: jobs = [], LastEvaluatedKey } = await this.#query(dayStartMs, fromMs, toMs, after);
        const events = jobs.map(({ source, createdAt }) => ({
          source: String(source),
          atMs: Date.parse(String(createdAt)),
        }));
        after = LastEvaluatedKey;
        const endMs = Math.min(toMs, dayStartMs + dayMs);
        yield { events, untilMs: after === undefined ? endMs : (events.at(-1)?.atMs ?? fromMs) };
      } while (after !== undefined);
    }
  }

  #query(dayStartMs: number, fromMs: number, toMs: number, after: Record<string, unknown> | undefined) {
    return this.#database.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'jobs-by-day',
        KeyConditionExpression: '#day = :day AND createdAt BETWEEN :from AND :to',
        ProjectionExpression: 'createdAt, #source',
        ExpressionAttributeNames: { '#day': 'day', '#source': 'source' },
        ExpressionAttributeValues: {
          ':day': new Date(dayStartMs).toISOString().slice(0, 10),
          ':from': new Date(fromMs).toISOString(),
          ':to': new Date(toMs).toISOString(),
        },
        Limit: pageSize,
        ...(after !== undefined && { ExclusiveStartKey: after }),
      }),
    );
  }
}
