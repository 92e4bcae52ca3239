import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from './items.ts';
import type { ItemKey } from './leases.ts';

interface Noted {
  readonly isOn: boolean;
  /** When a pause ended last. */
  readonly endedAt?: string | undefined;
}

const item: ItemKey = { pk: 'DELIVERY', sk: 'PAUSE' };
// As long as jobs are kept: no pause that ended before every job began matters to one.
const retentionSeconds = 45 * 86_400;

/**
 * The pause that the parameter `Delivery` of the stack begins and ends: while it is on, no function that calls
 * Showpad gets a message. Work that waits because of it has not been tried in vain, so every deadline counts anew
 * from its end. Errors are those of the AWS SDK.
 */
export class DeliveryPause {
  readonly isOn: boolean;
  readonly #items: Items;
  readonly #now: () => Date;

  /** @param isOn what the parameter says now */
  constructor(
    database: DynamoDBDocumentClient,
    table: string,
    isOn: boolean,
    now: () => Date = () => new Date(),
  ) {
    this.isOn = isOn;
    this.#items = new Items(database, table, retentionSeconds, now);
    this.#now = now;
  }

  /** Notes that a pause has begun or ended since the last look; answers when one ended last, null when none has. */
  async note(): Promise<string | null> {
    const noted = await this.#items.read<Noted>(item);
    const { isOn: wasOn = false, endedAt } = noted ?? {};
    if (wasOn === this.isOn) return endedAt ?? null;
    const now = this.#now().toISOString();
    const next: Noted = this.isOn ? { isOn: true, endedAt } : { isOn: false, endedAt: now };
    await this.#items.put(item, next, {
      condition: 'attribute_not_exists(pk) OR isOn = :wasOn',
      values: { ':wasOn': wasOn },
    });
    return next.endedAt ?? null;
  }

  /** Whether more time has passed since then; what came before the end of a pause does not count. */
  async isOver(since: string, seconds: number): Promise<boolean> {
    const limitMs = seconds * 1_000;
    const ageMs = (start: string): number => this.#now().getTime() - Date.parse(start);
    if (ageMs(since) <= limitMs) return false;
    const { isOn: wasOn = false, endedAt } = (await this.#items.read<Noted>(item)) ?? {};
    // It ended a moment ago: nobody has noted it yet.
    if (wasOn && !this.isOn) return false;
    return endedAt === undefined || ageMs(endedAt) > limitMs;
  }
}
