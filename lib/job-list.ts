import { BatchGetCommand, QueryCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { isListedByDay, phaseOf, retentionSeconds, unexpiredJob, type Job, type JobState } from './jobs.ts';

export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly source?: string | undefined;
}

export interface JobPage {
  readonly items: readonly Job[];
  readonly next: string | null;
}

/** The cursor of a list was not one of ours. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

const mostKeysAtOnce = 100;

/**
 * Lists of jobs. The indexes hold keys and the source only, so that a job on its way through its states costs no
 * write to them: the jobs themselves are read from the table. Other errors are those of the AWS SDK.
 */
export class JobList {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /**
   * Lists jobs, newest first. A page may hold fewer than `limit`; `next` is null at the end.
   * @throws {CursorError} when the cursor is none that a list has given
   */
  async page({
    limit,
    cursor,
    ...filter
  }: JobFilter & { limit: number; cursor?: string | undefined }): Promise<JobPage> {
    const items: Job[] = [];
    let position: Position | null =
      cursor === undefined
        ? isListedByDay(filter.state)
          ? { day: this.#today() }
          : {}
        : readCursor(cursor, filter.state, this.#today());
    while (position !== null && items.length < limit) {
      const found = await this.#query(filter, position, limit - items.length);
      items.push(...found.items);
      position = found.next;
    }
    return { items, next: position === null ? null : writeCursor(position, filter.state) };
  }

  async #query(
    { state, source }: JobFilter,
    position: Position,
    limit: number,
  ): Promise<{ items: Job[]; next: Position | null }> {
    const [index, name, value] =
      state === undefined || isListedByDay(state)
        ? (['jobs-by-day', 'day', position.day] as const)
        : (['jobs-by-state', 'phase', phaseOf(state)] as const);
    const { Items = [], LastEvaluatedKey } = await this.#database.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#name = :value',
        ...(source !== undefined && { FilterExpression: '#source = :source' }),
        ExpressionAttributeNames: { '#name': name, ...(source !== undefined && { '#source': 'source' }) },
        ExpressionAttributeValues: { ':value': value, ...(source !== undefined && { ':source': source }) },
        ScanIndexForward: false,
        Limit: limit,
        ...(position.after !== undefined && { ExclusiveStartKey: position.after }),
      }),
    );
    const jobs = await this.#read(Items.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) })));
    // The index by state may lag behind the jobs; that by day has all of them.
    const items = jobs.filter((job) => state === undefined || job.state === state);
    if (LastEvaluatedKey !== undefined)
      return { items, next: cursorSchema.parse({ ...position, after: LastEvaluatedKey }) };
    const earlier = position.day === undefined ? null : this.#dayBefore(position.day);
    return { items, next: earlier === null ? null : { day: earlier } };
  }

  /** The jobs of these keys that have not expired, in their order. */
  async #read(keys: readonly { pk: string; sk: string }[]): Promise<Job[]> {
    const jobs = new Map<string, Job>();
    for (let start = 0; start < keys.length; start += mostKeysAtOnce) {
      let left: Record<string, unknown>[] = keys
        .slice(start, start + mostKeysAtOnce)
        .map((key) => ({ ...key }));
      while (left.length > 0) {
        const { Responses, UnprocessedKeys } = await this.#database.send(
          new BatchGetCommand({ RequestItems: { [this.#table]: { Keys: left } } }),
        );
        for (const item of Responses?.[this.#table] ?? []) {
          const job = unexpiredJob(item, this.#now());
          if (job !== null) jobs.set(String(item['pk']), job);
        }
        left = UnprocessedKeys?.[this.#table]?.Keys ?? [];
      }
    }
    return keys.flatMap(({ pk }) => jobs.get(pk) ?? []);
  }

  #today(): string {
    return this.#now().toISOString().slice(0, 10);
  }

  #dayBefore(day: string): string | null {
    const before = new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000);
    const oldest = this.#now().getTime() - (retentionSeconds + 86_400) * 1_000;
    return before.getTime() < oldest ? null : before.toISOString().slice(0, 10);
  }
}

const cursorSchema = z.strictObject({
  day: z.iso.date().exactOptional(),
  /** The filter of the list that gave it. */
  state: z.string().exactOptional(),
  after: z
    .strictObject({
      pk: z.string(),
      sk: z.string(),
      createdAt: z.string(),
      day: z.string().exactOptional(),
      phase: z.string().exactOptional(),
    })
    .exactOptional(),
});
type Position = z.output<typeof cursorSchema>;

function writeCursor(position: Position, state: JobState | undefined): string {
  const cursor = { ...position, ...(state !== undefined && { state }) };
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function readCursor(cursor: string, state: JobState | undefined, today: string): Position {
  try {
    const position = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    const { day, after } = position;
    const isByDay = state === undefined || isListedByDay(state);
    const dayFits = isByDay ? day !== undefined && day <= today : day === undefined;
    const afterFits = after === undefined || (isByDay ? after.day === day : after.phase === phaseOf(state));
    if (dayFits && afterFits && position.state === state) return position;
  } catch {
    // Whatever is wrong with it, it is no cursor.
  }
  throw new CursorError('The cursor is not one that this list has given, or belongs to another filter.');
}
