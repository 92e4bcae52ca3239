import { createHash } from 'node:crypto';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { conditionHeld } from './conditional-write.ts';
import type { EventOrder } from './event-order.ts';
import type { DivisionWish } from './metadata.ts';
import type { JobError } from './reasons.ts';

/**
 * The states a job may come from, for each state it can go to: the condition of every write. The ends come from
 * any state that is no end; a repeated step finds the job where it left it.
 */
const legalPriorStates = {
  // Only a retry brings a job back.
  received: ['failed'],
  ignored: [],
  // A delete that comes late goes on from `applying` to what newer events have asked for.
  staging: ['received', 'applying', 'staging', 'staged'],
  staged: ['received', 'applying', 'staging', 'staged'],
  uploading: ['received', 'applying', 'staging', 'staged', 'uploading'],
  applying: ['received', 'applying'],
  processing: ['received', 'applying', 'staging', 'staged', 'uploading', 'processing'],
  done: ['received', 'staging', 'staged', 'uploading', 'applying', 'processing'],
  failed: ['received', 'staging', 'staged', 'uploading', 'applying', 'processing'],
  superseded: ['received', 'staging', 'staged', 'uploading', 'applying', 'processing'],
} as const satisfies Record<string, readonly string[]>;

export type JobState = keyof typeof legalPriorStates;
export const jobStates = Object.keys(legalPriorStates).filter(isJobState);
const ends: ReadonlySet<JobState> = new Set(['done', 'failed', 'superseded', 'ignored']);

export function isJobState(text: string): text is JobState {
  return Object.hasOwn(legalPriorStates, text);
}

/** The record of one accepted event. */
export interface Job {
  readonly id: string;
  readonly eventId: string;
  readonly source: string;
  readonly subject: string;
  readonly key: string;
  readonly type: string;
  readonly state: JobState;
  readonly order: EventOrder;
  /** Paths of the desired state that the event set; see `Wish`. */
  readonly wishes: readonly string[];
  /** What the source was set up with when the event came. */
  readonly defaults: {
    readonly division?: DivisionWish;
    readonly createTags?: boolean;
    readonly types?: readonly string[];
  };
  /** How often its current step has been looked at again. */
  readonly attempts: number;
  readonly error: JobError | null;
  readonly showpad: { readonly assetId?: string; readonly fileId?: string; readonly ticketId?: string };
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When somebody had it tried again; deadlines count from then. */
  readonly retriedAt?: string;
}

/** A job that is about to be written for the first time. */
export type JobDraft = Omit<Job, 'createdAt' | 'updatedAt' | 'attempts'>;
export type JobChanges = Partial<Pick<Job, 'attempts' | 'error' | 'showpad' | 'retriedAt'>>;

export interface JobPage {
  readonly items: readonly Job[];
  readonly next: string | null;
}

/** Jobs are kept this long: longer than any sender retries, any queue holds and any deadline lasts. */
const retentionSeconds = 45 * 86_400;

/** The id of the job of an event: the same for every delivery of it. */
export function jobId(source: string, eventId: string): string {
  return `job_${createHash('sha256').update(`${source}\n${eventId}`).digest('hex').slice(0, 32)}`;
}

export function hasEnded(job: Job): boolean {
  return ends.has(job.state);
}

/** The cursor of a list was not one of ours. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

/** Jobs in DynamoDB: `JOB#{id}`, with indexes by state and by day. Other errors are those of the AWS SDK. */
export class Jobs {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#now = now;
  }

  /** Writes a new job. Answers with null when the job exists already. */
  async create(job: JobDraft): Promise<Job | null> {
    const at = this.#now().toISOString();
    const created: Job = { ...job, attempts: 0, createdAt: at, updatedAt: at };
    const item = {
      ...keyOf(job.id),
      ...created,
      day: at.slice(0, 10),
      expiresAt: this.#seconds() + retentionSeconds,
    };
    const written = await conditionHeld(
      this.#database.send(
        new PutCommand({
          TableName: this.#table,
          Item: item,
          // DynamoDB deletes expired items late.
          ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
          ExpressionAttributeValues: { ':now': this.#seconds() },
        }),
      ),
    );
    return written ? created : null;
  }

  async get(id: string): Promise<Job | null> {
    const { Item } = await this.#database.send(
      new GetCommand({ TableName: this.#table, Key: keyOf(id), ConsistentRead: true }),
    );
    return Item === undefined || this.#hasExpired(Item) ? null : jobOf(Item);
  }

  /**
   * Takes a job to its next state. Answers false when the job may not go there (it has ended, or is further on):
   * then somebody else has answered, and there is nothing to do.
   */
  async advance(id: string, to: JobState, changes: JobChanges = {}): Promise<boolean> {
    const set: Record<string, unknown> = {
      state: to,
      updatedAt: this.#now().toISOString(),
      ...changes,
    };
    const names = Object.fromEntries(Object.keys(set).map((name) => [`#${name}`, name]));
    const values = Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value]));
    const priors = Object.fromEntries(legalPriorStates[to].map((state, index) => [`:prior${index}`, state]));
    return conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keyOf(id),
          UpdateExpression: `SET ${Object.keys(set)
            .map((name) => `#${name} = :${name}`)
            .join(', ')}`,
          ConditionExpression: `#state IN (${Object.keys(priors).join(', ')})`,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ...values, ...priors },
        }),
      ),
    );
  }

  /**
   * Lists jobs, newest first. A page may hold fewer than `limit`; `next` is null at the end.
   * @throws {CursorError} when the cursor is none that a list has given
   */
  async list(filter: {
    state?: JobState | undefined;
    source?: string | undefined;
    limit: number;
    cursor?: string | undefined;
  }): Promise<JobPage> {
    const items: Job[] = [];
    let position: Position | null =
      filter.cursor === undefined
        ? filter.state === undefined
          ? { day: this.#today() }
          : {}
        : readCursor(filter.cursor, filter.state, this.#today());
    while (position !== null && items.length < filter.limit) {
      const page = await this.#page(filter, position, filter.limit - items.length);
      items.push(...page.items);
      position = page.next;
    }
    return { items, next: position === null ? null : writeCursor(position) };
  }

  async #page(
    filter: { state?: JobState | undefined; source?: string | undefined },
    position: Position,
    limit: number,
  ): Promise<{ items: Job[]; next: Position | null }> {
    const [index, name, value] =
      filter.state === undefined
        ? (['jobs-by-day', 'day', position.day] as const)
        : (['jobs-by-state', 'state', filter.state] as const);
    const { Items = [], LastEvaluatedKey } = await this.#database.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: '#name = :value',
        ...(filter.source !== undefined && { FilterExpression: '#source = :source' }),
        ExpressionAttributeNames: {
          '#name': name,
          ...(filter.source !== undefined && { '#source': 'source' }),
        },
        ExpressionAttributeValues: {
          ':value': value,
          ...(filter.source !== undefined && { ':source': filter.source }),
        },
        ScanIndexForward: false,
        Limit: limit,
        ...(position.after !== undefined && { ExclusiveStartKey: position.after }),
      }),
    );
    const items = Items.filter((item) => !this.#hasExpired(item)).map(jobOf);
    if (LastEvaluatedKey !== undefined)
      return { items, next: cursorSchema.parse({ ...position, after: LastEvaluatedKey }) };
    const earlier = position.day === undefined ? null : this.#dayBefore(position.day);
    return { items, next: earlier === null ? null : { day: earlier } };
  }

  #today(): string {
    return this.#now().toISOString().slice(0, 10);
  }

  #dayBefore(day: string): string | null {
    const before = new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000);
    const oldest = this.#now().getTime() - (retentionSeconds + 86_400) * 1_000;
    return before.getTime() < oldest ? null : before.toISOString().slice(0, 10);
  }

  #seconds(): number {
    return Math.floor(this.#now().getTime() / 1_000);
  }

  #hasExpired(item: Record<string, unknown>): boolean {
    return Number(item['expiresAt']) * 1_000 <= this.#now().getTime();
  }
}

const cursorSchema = z.strictObject({
  day: z.iso.date().exactOptional(),
  after: z
    .strictObject({
      pk: z.string(),
      sk: z.string(),
      createdAt: z.string(),
      day: z.string().exactOptional(),
      state: z.string().exactOptional(),
    })
    .exactOptional(),
});
type Position = z.output<typeof cursorSchema>;

function writeCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function readCursor(cursor: string, state: JobState | undefined, today: string): Position {
  try {
    const position = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    const { day, after } = position;
    const dayFits = state === undefined ? day !== undefined && day <= today : day === undefined;
    const afterFits =
      after === undefined || (state === undefined ? after.day === day : after.state === state);
    if (dayFits && afterFits) return position;
  } catch {
    // Whatever is wrong with it, it is no cursor.
  }
  throw new CursorError('The cursor is not one that this list has given, or belongs to another filter.');
}

function keyOf(id: string): { pk: string; sk: string } {
  return { pk: `JOB#${id}`, sk: 'JOB' };
}

function jobOf(item: Record<string, unknown>): Job {
  const { pk: _pk, sk: _sk, day: _day, expiresAt: _expiresAt, ...job } = item;
  return job as unknown as Job;
}
