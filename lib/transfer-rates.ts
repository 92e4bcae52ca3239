import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from './items.ts';
import type { ItemKey } from './leases.ts';
import { leastMeasuredBytes, rateOf, sizeClass, type Measure } from './transfer-time.ts';

const rememberedMs = 3_600_000;
const retentionSeconds = 86_400;
/** So long a container need not ask the table again. */
const freshMs = 60_000;
const tellingFactor = 1.1;

interface Rate {
  readonly bytesPerSecond: number;
  readonly measuredAt: number;
}

/**
 * How fast bytes go on each route, as all containers together have measured it within an hour. The best measure of
 * a class of sizes counts, so that one slow moment refuses nothing that has gone well, and it is forgotten after an
 * hour, so that what was slow gets another chance. Errors are those of the AWS SDK.
 */
export class TransferRates {
  readonly #items: Items;
  readonly #now: () => Date;
  /** What this container has read, or written, last. */
  readonly #known = new Map<string, { readonly rate: Rate | null; readonly atMs: number }>();

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#items = new Items(database, table, retentionSeconds, now);
    this.#now = now;
  }

  /** The rate to reckon with for a file of this size; null when nothing is known. */
  async best(route: string, bytes: number): Promise<number | null> {
    if (bytes < leastMeasuredBytes) return null;
    const key = keyOf(route, bytes);
    const known = this.#known.get(nameOf(key));
    const isFresh = known !== undefined && this.#now().getTime() < known.atMs + freshMs;
    const rate = isFresh ? known.rate : await this.#items.read<Rate>(key);
    if (!isFresh) this.#remember(key, rate);
    return rate === null || this.#isForgotten(rate) ? null : rate.bytesPerSecond;
  }

  /** Keeps a measure, unless it is too small to say anything or a better one is remembered. */
  async note(route: string, measure: Measure): Promise<void> {
    const bytesPerSecond = rateOf(measure);
    if (bytesPerSecond === null) return;
    const key = keyOf(route, measure.fileBytes);
    const best = this.#known.get(nameOf(key))?.rate ?? null;
    // What the table holds has only grown since, and what is hardly better tells nobody anything.
    const isKnown = best !== null && best.bytesPerSecond * tellingFactor > bytesPerSecond;
    if (isKnown && !this.#isForgotten(best)) return;
    const rate: Rate = { bytesPerSecond, measuredAt: this.#now().getTime() };
    const isBest = await this.#items.put(key, rate, {
      condition:
        'attribute_not_exists(measuredAt) OR bytesPerSecond <= :rate OR measuredAt <= :forgottenBefore',
      values: { ':rate': bytesPerSecond, ':forgottenBefore': this.#forgottenBefore() },
    });
    if (isBest) this.#remember(key, rate);
    else this.#known.delete(nameOf(key));
  }

  #remember(key: ItemKey, rate: Rate | null): void {
    this.#known.set(nameOf(key), { rate, atMs: this.#now().getTime() });
  }

  #isForgotten({ measuredAt }: Rate): boolean {
    return measuredAt <= this.#forgottenBefore();
  }

  #forgottenBefore(): number {
    return this.#now().getTime() - rememberedMs;
  }
}

function keyOf(route: string, bytes: number): ItemKey {
  return { pk: `RATE#${route}`, sk: `CLASS#${sizeClass(bytes)}` };
}

function nameOf({ pk, sk }: ItemKey): string {
  return `${pk} ${sk}`;
}
