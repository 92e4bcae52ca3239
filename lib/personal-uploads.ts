import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { conditionHeld } from './conditional-write.ts';
import type { SourceFile } from './events.ts';
import { LeaseLostError, Leases, type ItemKey, type ItemLease } from './leases.ts';
import type { JobError } from './reasons.ts';

/** What one `myfiles.upload` event asks for: one file, for everybody it names. */
export interface Push {
  readonly jobId: string;
  readonly recipients: readonly string[];
  readonly file: SourceFile;
  readonly name: string;
  readonly description?: string;
  readonly folder: string;
  readonly onConflict: 'fail' | 'rename';
  readonly onProcessingFailed: 'fail' | 'forceUse';
  readonly staged?: { readonly objectKey: string; readonly size: number; readonly md5: string };
}

export type PersonalUploadState = 'waiting' | 'processing' | 'done' | 'failed';

/** What becomes of the file for one of the recipients. */
export interface PersonalUpload {
  readonly index: number;
  readonly state: PersonalUploadState;
  readonly assetId: string | null;
  readonly ticketId: string | null;
  readonly error: JobError | null;
  /** How often its ticket has been looked at, when last, and since when it is processed. */
  readonly polls: number;
  /** How often it was said to be completed without an asset. */
  readonly emptyCompletions?: number;
  readonly polledAt?: string;
  readonly since?: string;
}

/** What is known of one content in the My Files of one person, across all events that bring it. */
export interface Copy {
  readonly intent?: { readonly at: string; readonly fileName: string; readonly divisionId: string };
  readonly ticketId?: string;
  readonly assetId?: string;
  /** Showpad had it already, from an earlier try of ours: the id is not known. */
  readonly isDelivered?: boolean;
}

const retentionSeconds = 45 * 86_400;

/** Pushes into My Files, their recipients and the copies they make, in DynamoDB. Errors are those of the AWS SDK. */
export class PersonalUploads {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #leases: Leases;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = table;
    this.#leases = new Leases(database, table, now);
    this.#now = now;
  }

  /** Safe to repeat: the push of a job is written once. */
  async createPush(push: Push): Promise<void> {
    await this.#create(pushKey(push.jobId), push);
  }

  async getPush(jobId: string): Promise<Push | null> {
    return this.#read<Push>(pushKey(jobId));
  }

  /** Notes where the bytes are staged; false when a twin was faster. */
  recordStaged(jobId: string, staged: NonNullable<Push['staged']>): Promise<boolean> {
    return this.#change(
      pushKey(jobId),
      { staged },
      {
        condition: 'attribute_not_exists(staged) OR staged.objectKey = :objectKey',
        values: { ':objectKey': staged.objectKey },
      },
    );
  }

  /** Forgets staged bytes that turned out to be gone. */
  async forgetStaged(jobId: string, { objectKey }: NonNullable<Push['staged']>): Promise<void> {
    await conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: pushKey(jobId),
          UpdateExpression: 'REMOVE staged',
          ConditionExpression: 'staged.objectKey = :objectKey',
          ExpressionAttributeValues: { ':objectKey': objectKey },
        }),
      ),
    );
  }

  /** The upload for one recipient, made when it is first asked for. */
  async open(jobId: string, index: number): Promise<PersonalUpload> {
    const upload: PersonalUpload = {
      index,
      state: 'waiting',
      assetId: null,
      ticketId: null,
      error: null,
      polls: 0,
    };
    await this.#create(recipientKey(jobId, index), upload);
    return (await this.#read<PersonalUpload>(recipientKey(jobId, index))) ?? upload;
  }

  /** All uploads of a push that have been opened, by the place of the recipient. */
  async list(jobId: string): Promise<PersonalUpload[]> {
    const uploads: PersonalUpload[] = [];
    for (let start: Record<string, unknown> | undefined, isFirst = true; isFirst || start; isFirst = false) {
      const { Items = [], LastEvaluatedKey } = await this.#database.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': `JOB#${jobId}`, ':prefix': 'RECIPIENT#' },
          ConsistentRead: true,
          ...(start !== undefined && { ExclusiveStartKey: start }),
        }),
      );
      uploads.push(...Items.map((item) => withoutKeys(item) as PersonalUpload));
      start = LastEvaluatedKey;
    }
    return uploads;
  }

  /** Changes an upload that has not ended; false when it has. */
  async advance(
    jobId: string,
    index: number,
    changes: Partial<Omit<PersonalUpload, 'index'>>,
  ): Promise<boolean> {
    return this.#change(recipientKey(jobId, index), changes, {
      condition: 'NOT #current IN (:done, :failed)',
      names: { '#current': 'state' },
      values: { ':done': 'done', ':failed': 'failed' },
    });
  }

  /** Brings a failed upload back; false when it has not failed. */
  async reopen(jobId: string, index: number): Promise<boolean> {
    return this.#change(
      recipientKey(jobId, index),
      { state: 'waiting', error: null, polls: 0, ticketId: null, emptyCompletions: 0 },
      {
        condition: '#current = :failed',
        names: { '#current': 'state' },
        values: { ':failed': 'failed' },
      },
    );
  }

  /** Claims the next look at a ticket: false while the last one is more recent than that. */
  async claimPoll(jobId: string, index: number, notAfter: Date): Promise<boolean> {
    return this.#change(
      recipientKey(jobId, index),
      { polledAt: this.#now().toISOString() },
      {
        condition: 'attribute_not_exists(polledAt) OR polledAt <= :notAfter',
        values: { ':notAfter': notAfter.toISOString() },
      },
    );
  }

  /**
   * Runs a story under the lease of one content in the My Files of one person, with what is known of it then.
   * Answers null, without running anything, while another invocation holds it.
   */
  async underLease<T>(
    userId: string,
    md5: string,
    durationMs: number,
    story: (lease: ItemLease, copy: Copy) => Promise<T>,
  ): Promise<T | null> {
    const lease = await this.#leases.acquire({ pk: `MYFILES#${userId}`, sk: `COPY#${md5}` }, durationMs);
    if (lease === null) return null;
    try {
      return await story(lease, (await this.#read<{ copy?: Copy }>(lease.item))?.copy ?? {});
    } finally {
      await this.#leases.release(lease);
    }
  }

  /** @throws {LeaseLostError} when the lease is no longer this holder's */
  async recordCopy({ item, fence }: ItemLease, copy: Copy): Promise<void> {
    const isHeld = await this.#change(
      item,
      { copy },
      {
        condition: 'fence = :fence AND leasedUntil > :now',
        values: { ':fence': fence, ':now': this.#now().getTime() },
      },
    );
    if (!isHeld)
      throw new LeaseLostError('The lease of a copy in My Files was lost before its outcome was written.');
  }

  async #create(key: ItemKey, item: object): Promise<void> {
    const expiresAt = Math.floor(this.#now().getTime() / 1_000) + retentionSeconds;
    await conditionHeld(
      this.#database.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...key, ...item, expiresAt },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    );
  }

  async #read<T>(key: ItemKey): Promise<T | null> {
    const { Item } = await this.#database.send(
      new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    );
    return Item === undefined ? null : (withoutKeys(Item) as T);
  }

  #change(
    key: ItemKey,
    changes: object,
    only: { condition: string; names?: Record<string, string>; values: Record<string, unknown> },
  ): Promise<boolean> {
    const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
    return conditionHeld(
      this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: key,
          UpdateExpression: `SET ${entries.map((_entry, index) => `#set${index} = :set${index}`).join(', ')}`,
          ConditionExpression: `attribute_exists(pk) AND (${only.condition})`,
          ExpressionAttributeNames: {
            ...only.names,
            ...Object.fromEntries(entries.map(([name], index) => [`#set${index}`, name])),
          },
          ExpressionAttributeValues: {
            ...only.values,
            ...Object.fromEntries(entries.map(([, value], index) => [`:set${index}`, value])),
          },
        }),
      ),
    );
  }
}

function pushKey(jobId: string): ItemKey {
  return { pk: `JOB#${jobId}`, sk: 'PUSH' };
}

function recipientKey(jobId: string, index: number): ItemKey {
  return { pk: `JOB#${jobId}`, sk: `RECIPIENT#${String(index).padStart(4, '0')}` };
}

function withoutKeys({ pk: _pk, sk: _sk, expiresAt: _expiresAt, ...item }: Record<string, unknown>): object {
  return item;
}
