import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from './items.ts';
import { LeaseLostError, Leases, type ItemKey, type ItemLease } from './leases.ts';
import type { OpenJobPage } from './open-jobs.ts';

/** Where the sweeper goes on the next time. */
export interface SweepProgress {
  jobs?: OpenJobPage['next'] | undefined;
  /** Leases that say they last longer than anybody can live, and since when that is known. */
  suspects?: Readonly<Record<string, { readonly holder: string; readonly since: string }>>;
  /** The last staged file that was looked at. */
  staged?: string | undefined;
  uploads?: { readonly key: string; readonly uploadId: string } | undefined;
}

const item: ItemKey = { pk: 'SWEEP', sk: 'STATE' };
const retentionSeconds = 45 * 86_400;

/** The right to sweep, and how far the sweeps before have come, in DynamoDB. */
export class SweepState {
  readonly #items: Items;
  readonly #leases: Leases;
  readonly #now: () => Date;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#items = new Items(database, table, retentionSeconds, now);
    this.#leases = new Leases(database, table, now);
    this.#now = now;
  }

  /** Answers null while another invocation sweeps. */
  async begin(durationMs: number): Promise<{ lease: ItemLease; progress: SweepProgress } | null> {
    const lease = await this.#leases.acquire(item, durationMs);
    if (lease === null) return null;
    const stored = await this.#items.read<{ progress?: SweepProgress }>(item);
    return { lease, progress: stored?.progress ?? {} };
  }

  /** @throws {LeaseLostError} when somebody else sweeps by now */
  async save({ fence }: ItemLease, progress: SweepProgress): Promise<void> {
    const isHeld = await this.#items.change(
      item,
      { progress },
      {
        condition: 'fence = :fence AND leasedUntil > :now',
        values: { ':fence': fence, ':now': this.#now().getTime() },
      },
    );
    if (!isHeld) throw new LeaseLostError('The lease of the sweep was lost before its progress was written.');
  }

  /** One that cannot be given back runs out by itself. */
  async end(lease: ItemLease): Promise<void> {
    await this.#leases.release(lease).catch(() => undefined);
  }

  /** Until when an item says it is leased, and by whom; null when it is free. */
  async lookAtLease(key: ItemKey): Promise<{ untilMs: number; holder: string } | null> {
    const leased = await this.#items.read<{ leasedUntil?: number; leaseHolder?: string }>(key);
    if (leased?.leasedUntil === undefined || leased.leaseHolder === undefined) return null;
    return { untilMs: leased.leasedUntil, holder: leased.leaseHolder };
  }

  /** Ends the lease of a holder that cannot be alive; its fence keeps it from writing should it be. */
  endLease(key: ItemKey, holder: string): Promise<boolean> {
    return this.#items.change(
      key,
      { leasedUntil: undefined, leaseHolder: undefined },
      { condition: 'leaseHolder = :holder', values: { ':holder': holder } },
    );
  }
}
