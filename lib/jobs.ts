import { createHash } from 'node:crypto';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { conditionHeld } from './conditional-write.ts';
import type { EventOrder } from './event-order.ts';
import { positionOf, readCursor, writeCursor, type Position } from './job-cursor.ts';
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

/** What a job can be in while something is still to come of it. */
export const openStates = jobStates.filter((state) => !ends.has(state));

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
  readonly defaults: { readonly division?: DivisionWish; readonly createTags?: boolean };
  /** How often its current step has been looked at again. */
  readonly attempts: number;
  readonly error: JobError | null;
  readonly showpad: { readonly assetId?: string; readonly fileId?: string; readonly ticketId?: string };
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When somebody had it tried again; deadlines count from then. */
  readonly retriedAt?: string;
  /** The last error that nobody but us has to answer for. */
  readonly lastFault?: JobFault;
  /** The message that nobody could handle, while the job has failed by it. */
  readonly deadLetter?: { readonly messageId: string; readonly sentAt: string } | null;
  /** How often, and when last, the message of its step was sent again because nothing had changed. */
  readonly sweeps?: { readonly count: number; readonly at: string };
}

/** What a function threw that could not handle a message; the text is fit for everybody. */
export interface JobFault {
  readonly function: string;
  readonly name: string;
  readonly message: string;
  /** How often the message had been received by then. */
  readonly attempts: number;
  readonly at: string;
  /** The place of the recipient whose part of a push it was. */
  readonly recipient?: number;
}

/** A job that is about to be written for the first time. */
export type JobDraft = Omit<Job, 'createdAt' | 'updatedAt' | 'attempts'>;
export type JobChanges = Partial<Pick<Job, 'attempts' | 'error' | 'showpad' | 'retriedAt' | 'deadLetter'>>;

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
      ...jobKey(job.id),
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
      new GetCommand({ TableName: this.#table, Key: jobKey(id), ConsistentRead: true }),
    );
    return Item === undefined || this.#hasExpired(Item) ? null : jobOf(Item);
  }

  /**
   * Takes a job to its next state. Answers false when the job may not go there (it has ended, or is further on):
   * then somebody else has answered, and there is nothing to do.
   * @param unchangedSince the `updatedAt` that the job must still have
   */
  async advance(
    id: string,
    to: JobState,
    changes: JobChanges = {},
    unchangedSince?: string,
  ): Promise<boolean> {
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
          Key: jobKey(id),
          UpdateExpression: `SET ${Object.keys(set)
            .map((name) => `#${name} = :${name}`)
            .join(', ')}`,
          ConditionExpression: [
            `#state IN (${Object.keys(priors).join(', ')})`,
            ...(unchangedSince === undefined ? [] : ['#updatedAt = :known']),
          ].join(' AND '),
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: {
            ...values,
            ...priors,
            ...(unchangedSince !== undefined && { ':known': unchangedSince }),
          },
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
      return { items, next: positionOf({ ...position, after: LastEvaluatedKey }) };
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

/** Where a job is kept. */
export function jobKey(id: string): { pk: string; sk: string } {
  return { pk: `JOB#${id}`, sk: 'JOB' };
}

export function jobOf(item: Record<string, unknown>): Job {
  const { pk: _pk, sk: _sk, day: _day, expiresAt: _expiresAt, ...job } = item;
  return job as unknown as Job;
}
