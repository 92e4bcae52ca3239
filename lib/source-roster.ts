import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Items } from './items.ts';
import type { ItemKey } from './leases.ts';
import type { Source } from './sources/source.ts';

/** The sources that are set up, with what is to be known of them where their secret may not be read. */
export type Roster = Readonly<Record<string, Pick<Source, 'quietHours'>>>;

const item: ItemKey = { pk: 'SOURCES', sk: 'ROSTER' };
const retentionSeconds = 45 * 86_400;

/** Who the sources are, in DynamoDB: told by those who read their secret, for the sweeper, who may not. */
export class SourceRoster {
  readonly #items: Items;
  readonly #now: () => Date;
  #told: ReadonlyMap<string, Source> | undefined;

  constructor(database: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date()) {
    this.#items = new Items(database, table, retentionSeconds, now);
    this.#now = now;
  }

  /**
   * Tells of the sources, once in each container and whenever they have changed. Never fails: nothing that an event
   * needs hangs on it, and the next one tries again.
   * @param sources the same map as long as they are the same
   */
  async tell(sources: ReadonlyMap<string, Source>): Promise<void> {
    if (sources === this.#told) return;
    const entries = [...sources].map(([name, { quietHours }]) => [
      name,
      quietHours === undefined ? {} : { quietHours },
    ]);
    const toldAt = this.#now().toISOString();
    const isLatest = 'attribute_not_exists(toldAt) OR toldAt <= :toldAt';
    const content = { sources: Object.fromEntries(entries) as Roster, toldAt };
    try {
      await this.#items.put(item, content, { condition: isLatest, values: { ':toldAt': toldAt } });
      this.#told = sources;
    } catch {
      this.#told = undefined;
    }
  }

  /** Null while nobody has told. */
  async read(): Promise<Roster | null> {
    return (await this.#items.read<{ sources: Roster }>(item))?.sources ?? null;
  }
}
