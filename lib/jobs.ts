import { createHash } from 'node:crypto';
import { GetCommand, PutCommand, UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { conditionHeld, ownMark } from './conditional-write.ts';
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
/** What a job that was worked on can come to; `ignored` ones are never begun. */
export type EndState = 'done' | 'failed' | 'superseded';
export type OpenState = Exclude<JobState, EndState | 'ignored'>;
export const jobStates = Object.keys(legalPriorStates).filter(isJobState);
const ends: ReadonlySet<JobState> = new Set(['done', 'failed', 'superseded', 'ignored']);

/** Where a job stands in the index by state: those that have not ended stand together. */
export type JobPhase = 'open' | 'done' | 'failed' | 'superseded' | 'ignored';

/** Nearly all jobs are done in the end: they are listed by day, and leave the index by state. */
export function isListedByDay(state: JobState | undefined): boolean {
  return state === undefined || state === 'done';
}

export function phaseOf(state: JobState): JobPhase {
  return ends.has(state) ? (state as JobPhase) : 'open';
}

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
  /** What its lines and messages are found by, from the webhook on: that of the event's first delivery. */
  readonly traceId?: string;
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
  /** The row of an import that its event is. */
  readonly import?: ImportedRow;
  /** How often its current step has been looked at again. */
  readonly attempts: number;
  readonly error: JobError | null;
  readonly showpad: { readonly assetId?: string; readonly fileId?: string; readonly ticketId?: string };
  readonly createdAt: string;
  readonly updatedAt: string;
  /** It has begun to take away an asset from before a delete that came late, and so makes it again from newer wishes. */
  readonly hasErased?: boolean;
  /** When somebody had it tried again; deadlines count from then. */
  readonly retriedAt?: string;
  /** The last error that nobody but us has to answer for. */
  readonly lastFault?: JobFault;
  /** The message that nobody could handle, while the job has failed by it. */
  readonly deadLetter?: { readonly messageId: string; readonly sentAt: string } | null;
  /** How often, and when last, the message of its step was sent again because nothing had changed. */
  readonly sweeps?: { readonly count: number; readonly at: string };
  /** Names the last time that it was brought back after a failure: it ends at most once between two of them. */
  readonly reopening?: string;
  /** How it failed last, and in which of these times; kept when it is brought back. */
  readonly lastFailure?: { readonly at: string; readonly error: JobError; readonly reopening?: string };
}

/** A row of an import, and what was known of it when it became an event. */
export interface ImportedRow {
  readonly id: string;
  readonly row: number;
  readonly changesMetadata: boolean;
  /** Showpad held its very file already. */
  readonly keepsFile: boolean;
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
export type JobChanges = Partial<
  Pick<Job, 'attempts' | 'error' | 'showpad' | 'retriedAt' | 'deadLetter' | 'hasErased'>
>;

/** What a failed job goes back to `received` with: deadlines and tries count from now. */
export function fromTheBeginning(now: Date = new Date()) {
  return { attempts: 0, error: null, retriedAt: now.toISOString() } satisfies JobChanges;
}

/** Jobs are kept this long: longer than any sender retries, any queue holds and any deadline lasts. */
export const retentionSeconds = 45 * 86_400;

/** The id of the job of an event: the same for every delivery of it. */
export function jobId(source: string, eventId: string): string {
  return `job_${createHash('sha256').update(`${source}\n${eventId}`).digest('hex').slice(0, 32)}`;
}

export function hasEnded(job: Job): boolean {
  return ends.has(job.state);
}

/** Jobs in DynamoDB: `JOB#{id}`; job-list.ts lists them by its indexes. Other errors are those of the AWS SDK. */
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
    const { writer, orOwn } = ownMark();
    const item = {
      ...jobKey(job.id),
      ...created,
      day: at.slice(0, 10),
      phase: phaseOf(job.state),
      expiresAt: this.#seconds() + retentionSeconds,
      writer,
    };
    const written = await conditionHeld(
      this.#database.send(
        new PutCommand({
          TableName: this.#table,
          Item: item,
          // DynamoDB deletes expired items late.
          ConditionExpression: orOwn('attribute_not_exists(pk) OR expiresAt <= :now'),
          ExpressionAttributeValues: { ':now': this.#seconds(), ':writer': writer },
        }),
      ),
    );
    return written ? created : null;
  }

  async get(id: string): Promise<Job | null> {
    const { Item } = await this.#database.send(
      new GetCommand({ TableName: this.#table, Key: jobKey(id), ConsistentRead: true }),
    );
    return Item === undefined ? null : unexpiredJob(Item, this.#now());
  }

  /**
   * Takes a job to its next state. Answers false when the job may not go there (it has ended, or is further on):
   * then somebody else has answered, and there is nothing to do.
   */
  async advance(id: string, to: OpenState, changes: JobChanges = {}): Promise<boolean> {
    const mark = ownMark();
    // Whoever judged the job before it was brought back has no say any more.
    const reopened = to === 'received' ? { reopening: mark.writer } : {};
    return this.#go(id, to, { ...reopened, ...changes }, mark);
  }

  /**
   * Ends a job; only lib/end-job.ts calls this, which announces the end first. Answers false when the job has ended
   * already, or was brought back since it was read.
   * @param unchangedSince the `updatedAt` that the job must still have
   */
  async end(
    { id, reopening }: Pick<Job, 'id' | 'reopening'>,
    to: EndState,
    changes: JobChanges = {},
    unchangedSince?: string,
  ): Promise<boolean> {
    const updatedAt = this.#now().toISOString();
    const { error } = changes;
    const failure = { at: updatedAt, error, ...(reopening !== undefined && { reopening }) };
    const kept = to === 'failed' && error ? { lastFailure: failure } : {};
    return this.#go(id, to, { ...changes, ...kept, updatedAt }, ownMark(), {
      conditions: [
        reopening === undefined ? 'attribute_not_exists(reopening)' : 'reopening = :known',
        ...(unchangedSince === undefined ? [] : ['updatedAt = :since']),
      ],
      values: {
        ...(reopening !== undefined && { ':known': reopening }),
        ...(unchangedSince !== undefined && { ':since': unchangedSince }),
      },
    });
  }

  async #go(
    id: string,
    to: JobState,
    changes: Readonly<Record<string, unknown>>,
    { writer, orOwn }: ReturnType<typeof ownMark>,
    only: { readonly conditions: readonly string[]; readonly values: Readonly<Record<string, string>> } = {
      conditions: [],
      values: {},
    },
  ): Promise<boolean> {
    const set: Record<string, unknown> = {
      writer,
      state: to,
      ...(!isListedByDay(to) && { phase: phaseOf(to) }),
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
            .join(', ')}${isListedByDay(to) ? ' REMOVE phase' : ''}`,
          ConditionExpression: orOwn(
            [`#state IN (${Object.keys(priors).join(', ')})`, ...only.conditions].join(' AND '),
          ),
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ...values, ...priors, ...only.values },
        }),
      ),
    );
  }

  #seconds(): number {
    return Math.floor(this.#now().getTime() / 1_000);
  }
}

/** The job that an item of the table holds; null when its time is over: DynamoDB deletes expired items late. */
export function unexpiredJob(item: Record<string, unknown>, now: Date): Job | null {
  const { pk: _pk, sk: _sk, day: _day, phase: _phase, expiresAt, writer: _writer, ...job } = item;
  return Number(expiresAt) * 1_000 <= now.getTime() ? null : (job as unknown as Job);
}

/** Where a job is kept. */
export function jobKey(id: string): { pk: string; sk: string } {
  return { pk: `JOB#${id}`, sk: 'JOB' };
}

/** The job that is kept in a partition. */
export function jobIdOf(pk: string): string {
  return pk.slice('JOB#'.length);
}
