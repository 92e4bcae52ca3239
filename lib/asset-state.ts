import type { DesiredState, Lifecycle } from './desired-state.ts';
import type { EventOrder } from './event-order.ts';
import type { ReasonCode } from './reasons.ts';

/** The bytes of one content wish, waiting in the staging bucket. */
export interface StagedFile {
  readonly order: EventOrder;
  readonly objectKey: string;
  readonly size: number;
  readonly md5: string;
  readonly sha256?: string;
}

/** A file record of Showpad that holds, or is about to hold, our bytes. */
export interface AppliedFile {
  readonly fileId: string;
  readonly order: EventOrder;
  readonly md5: string;
  /** Kept where its event named it: who names it again need not have it fetched again. */
  readonly sha256?: string;
  readonly size: number;
  readonly state: 'sending' | 'sent' | 'usable' | 'failed';
  readonly since: string;
}

/** What Showpad is known to hold. */
export interface AppliedState {
  readonly assetId?: string;
  readonly divisionId?: string;
  readonly lifecycle?: Lifecycle;
  /** The order of the event that the asset was made for; absent for one that was found. */
  readonly madeFor?: EventOrder;
  /** The order of the oldest wish that went into the asset; absent for one that was there before us. */
  readonly oldest?: EventOrder;
  readonly url?: string;
  readonly file?: AppliedFile;
  /** The newest file that became usable, kept while a later one is on its way or has failed. */
  readonly usableFile?: Pick<AppliedFile, 'fileId' | 'md5' | 'size'>;
  /** How often upload links have refused the file since one took it. */
  readonly refusals?: number;
  /** Each value as the event worded it, with the order it was sent for. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Wishes that Showpad, or a name that could not be resolved, refused. */
  readonly refused: Readonly<Record<string, { order: EventOrder; code: ReasonCode; message: string }>>;
  /** The order of the tag event that was carried out. */
  readonly tag?: EventOrder;
  /** Paths of wishes that are being written, or were when an answer was lost: Showpad may hold what they say, or not. */
  readonly unsure?: readonly string[];
  /** The orders of tag changes that were made. */
  readonly tagChanges: Readonly<Record<string, EventOrder>>;
}

/** A create that was about to be sent: until its outcome is known, or has settled, nobody sends another. */
export interface CreateIntent {
  readonly at: string;
  readonly applied: AppliedState;
  /** Whether the new asset carries its external id, and so can be looked up. */
  readonly isFindable: boolean;
}

export interface Asset {
  readonly key: string;
  readonly source: string;
  readonly subject: string;
  readonly desired: DesiredState;
  readonly applied: AppliedState;
  readonly staged?: StagedFile;
  readonly intent?: CreateIntent;
  /**
   * Somebody is writing the asset who took its lease before the newest event came: what is known to be applied may be
   * over in a moment, and what they write is not what is wanted now.
   */
  readonly hasUnawareWriter?: boolean;
}

/** The right to write one asset in Showpad; its fence is higher than that of every lease before. */
export interface Lease {
  readonly key: string;
  readonly fence: number;
  /** When it ends, in milliseconds since 1970. */
  readonly until: number;
}

export const nothingApplied: AppliedState = { fields: {}, refused: {}, tagChanges: {} };
