import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SourceFile } from './events.ts';
import { Items, withoutKeys } from './items.ts';
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
  /** Who the recipient is, and where the file goes, once Showpad was asked. */
  readonly place?: { readonly userId: string; readonly divisionId: string };
  /** How often its ticket has been looked at, and since when it is processed. */
  readonly polls: number;
  /** How often it was said to be completed without an asset. */
  readonly emptyCompletions?: number;
  readonly since?: string;
  /** When it last changed or was put off. */
  readonly updatedAt?: string;
  /** When it was brought back after it had failed. */
  readonly reopenedAt?: string;
  /** The message that nobody could handle, if it has failed by one. */
  readonly deadLetter?: { readonly messageId: string; readonly sentAt: string };
}

/** What is known of one content in the My Files of one person, across all events that bring it. */
export interface Copy {
  readonly intent?: { readonly at: string; readonly fileName: string; readonly divisionId: string };
  readonly ticketId?: string;
  readonly assetId?: string;
}

const retentionSeconds = 45 * 86_400;

/** Pushes into My Files, their recipients and the copies they make, in DynamoDB. Errors are those of the AWS SDK. */
export class PersonalUploads {
  readonly #items: Items;
  readonly #leases: Leases;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#items = new Items(database, table, retentionSeconds, now);
    this.#leases = new Leases(database, table, now);
    this.#now = now;
  }

  /** Safe to repeat: the push of a job is written once. */
  async createPush(push: Push): Promise<void> {
    await this.#items.create(pushKey(push.jobId), push);
  }

  async getPush(jobId: string): Promise<Push | null> {
    return this.#items.read<Push>(pushKey(jobId));
  }

  /** Notes where the bytes are staged; false when a twin was faster. */
  recordStaged(jobId: string, staged: NonNullable<Push['staged']>): Promise<boolean> {
    return this.#items.change(
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
    await this.#items.change(
      pushKey(jobId),
      { staged: undefined },
      { condition: 'staged.objectKey = :objectKey', values: { ':objectKey': objectKey } },
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
    await this.#items.create(recipientKey(jobId, index), upload);
    return (await this.#items.read<PersonalUpload>(recipientKey(jobId, index))) ?? upload;
  }

  /** All uploads of a push that have been opened, by the place of the recipient. */
  async list(jobId: string): Promise<PersonalUpload[]> {
    const items = await this.#items.list(`JOB#${jobId}`, 'RECIPIENT#');
    return items.map((item) => withoutKeys(item) as PersonalUpload);
  }

  /** Changes an upload that has not ended, if only the time of its last change; false when it has ended. */
  async advance(
    jobId: string,
    index: number,
    changes: Partial<Omit<PersonalUpload, 'index'>>,
  ): Promise<boolean> {
    const updatedAt = this.#now().toISOString();
    return this.#items.change(
      recipientKey(jobId, index),
      { ...changes, updatedAt },
      {
        condition: 'NOT #current IN (:done, :failed)',
        names: { '#current': 'state' },
        values: { ':done': 'done', ':failed': 'failed' },
      },
    );
  }

  /**
   * Brings an upload back that failed only because its message could not be handled; it goes on with its ticket, if
   * it has one. False when it has not failed.
   */
  revive(jobId: string, { index, ticketId }: PersonalUpload, at: Date): Promise<boolean> {
    return this.#items.change(
      recipientKey(jobId, index),
      {
        state: ticketId === null ? 'waiting' : 'processing',
        error: null,
        deadLetter: undefined,
        reopenedAt: at.toISOString(),
        updatedAt: this.#now().toISOString(),
      },
      { condition: '#current = :failed', names: { '#current': 'state' }, values: { ':failed': 'failed' } },
    );
  }

  /** Brings a failed upload back; false when it has not failed. */
  async reopen(jobId: string, index: number): Promise<boolean> {
    return this.#items.change(
      recipientKey(jobId, index),
      {
        state: 'waiting',
        error: null,
        place: undefined,
        ticketId: null,
        polls: 0,
        emptyCompletions: 0,
        since: undefined,
        reopenedAt: this.#now().toISOString(),
        updatedAt: this.#now().toISOString(),
      },
      {
        condition: '#current = :failed',
        names: { '#current': 'state' },
        values: { ':failed': 'failed' },
      },
    );
  }

  /** Claims the next look at a ticket, whoever waits for it: false while the last one is more recent than that. */
  claimPoll(ticketId: string, notAfter: Date): Promise<boolean> {
    return this.#items.put(
      { pk: `TICKET#${ticketId}`, sk: 'POLL' },
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
    const lease = await this.#leases.acquire(copyKey(userId, md5), durationMs);
    if (lease === null) return null;
    return this.#leases.hold(lease, async () =>
      story(lease, (await this.#items.read<{ copy?: Copy }>(lease.item))?.copy ?? {}),
    );
  }

  /** @throws {LeaseLostError} when the lease is no longer this holder's */
  async recordCopy({ item, fence }: ItemLease, copy: Copy): Promise<void> {
    const isHeld = await this.#items.change(
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

  /**
   * Notes what became of the ticket of a copy: its asset, or null when there is none and the content may be sent
   * again. False when the copy has another ticket.
   */
  settleCopy(userId: string, md5: string, ticketId: string, assetId: string | null): Promise<boolean> {
    return this.#items.change(
      copyKey(userId, md5),
      { copy: assetId === null ? {} : { ticketId, assetId } },
      {
        condition: '#copy.ticketId = :ticketId',
        names: { '#copy': 'copy' },
        values: { ':ticketId': ticketId },
      },
    );
  }

  /** What is known of all other contents in the My Files of a person. */
  async listOtherCopies(userId: string, md5: string): Promise<Copy[]> {
    const { pk, sk } = copyKey(userId, md5);
    const items = await this.#items.list(pk, 'COPY#');
    return items.filter((item) => item['sk'] !== sk).flatMap(({ copy }) => (copy ? [copy as Copy] : []));
  }
}

function pushKey(jobId: string): ItemKey {
  return { pk: `JOB#${jobId}`, sk: 'PUSH' };
}

function recipientKey(jobId: string, index: number): ItemKey {
  return { pk: `JOB#${jobId}`, sk: `RECIPIENT#${String(index).padStart(4, '0')}` };
}

/** Where a copy, and its lease, are kept. */
export function copyKey(userId: string, md5: string): ItemKey {
  return { pk: `MYFILES#${userId}`, sk: `COPY#${md5}` };
}
