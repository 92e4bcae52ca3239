import { UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

interface Minute {
  readonly minute: number;
  /** Events that all containers together have reported, as far as this one has heard. */
  known: number;
  /** Events of this container that no report has told yet. */
  unreported: number;
}

const minuteMs = 60_000;
const keptSeconds = 3_600;
// A container that tells the others after every sixteenth part of what is left is never far off, and seldom writes.
const reportsOfWhatIsLeft = 16;

/**
 * How many events each source may send in a minute, over all containers. They share a count in the table, but tell it
 * only in portions that shrink as the limit comes nearer: far from it a request costs nothing, near it a write.
 */
export class SourceAllowance {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => number;
  readonly #minutes = new Map<string, Minute>();

  constructor(database: DynamoDBDocumentClient, table: string, now: () => number = Date.now) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /**
   * Takes a delivery's events out of the source's allowance. A delivery larger than what is left passes, so that even
   * a large one comes through in the end.
   * @returns null when it may pass, else in how many seconds the source may send again. A count that cannot be told
   * refuses nobody.
   */
  async take(source: string, events: number, perMinute: number): Promise<number | null> {
    const minute = this.#minuteOf(source);
    if (minute.known + minute.unreported >= perMinute) return this.#secondsLeft();
    minute.unreported += events;
    const portion = Math.max(1, Math.floor((perMinute - minute.known) / reportsOfWhatIsLeft));
    if (minute.unreported >= portion) await this.#report(source, minute).catch(() => undefined);
    return null;
  }

  async #report(source: string, told: Minute): Promise<void> {
    const events = told.unreported;
    const { Attributes } = await this.#database.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: `SOURCE#${source}`, sk: `MINUTE#${new Date(told.minute * minuteMs).toISOString()}` },
        UpdateExpression: 'SET expiresAt = :expiresAt ADD events :events',
        ExpressionAttributeValues: {
          ':events': events,
          ':expiresAt': (told.minute * minuteMs) / 1_000 + keptSeconds,
        },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    told.known = Math.max(told.known, Number(Attributes?.['events']));
    told.unreported -= events;
  }

  #minuteOf(source: string): Minute {
    const minute = Math.floor(this.#now() / minuteMs);
    const present = this.#minutes.get(source);
    if (present?.minute === minute) return present;
    const fresh = { minute, known: 0, unreported: 0 };
    this.#minutes.set(source, fresh);
    return fresh;
  }

  #secondsLeft(): number {
    return Math.ceil((minuteMs - (this.#now() % minuteMs)) / 1_000);
  }
}
