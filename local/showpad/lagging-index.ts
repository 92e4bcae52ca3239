interface Version<Item> {
  readonly visibleFromMs: number;
  /** Null once the item was deleted. */
  readonly item: Item | null;
}

interface LaggingIndexOptions {
  readonly now: () => number;
  /** How long a change stays hidden; asked at each change. */
  readonly lagMs: () => number;
}

/** What a search over items finds: every creation, change and deletion only some time after it was made. */
export class LaggingIndex<Item extends { readonly id: string }> {
  private readonly items: ReadonlyMap<string, Item>;
  private readonly options: LaggingIndexOptions;
  /** Oldest first; of those that are visible only the latest counts. */
  private readonly versions = new Map<string, readonly Version<Item>[]>();

  constructor(items: ReadonlyMap<string, Item>, options: LaggingIndexOptions) {
    this.items = items;
    this.options = options;
  }

  /** Takes note of an item that was just created, changed or deleted. */
  record(id: string, lagMs = this.options.lagMs()): void {
    const item = this.items.get(id);
    const version = { visibleFromMs: this.options.now() + lagMs, item: item ? { ...item } : null };
    const earlier = this.versions.get(id) ?? [];
    const visible = earlier.findLastIndex((candidate) => this.isVisible(candidate));
    this.versions.set(id, [...earlier.slice(Math.max(visible, 0)), version]);
  }

  /** The items as the index knows them by now, in the order in which they were created. */
  search(): Item[] {
    const found: Item[] = [];
    for (const [id, versions] of this.versions) {
      const latest = versions.findLast((version) => this.isVisible(version));
      if (latest === undefined) continue;
      if (latest !== versions.at(-1)) {
        if (latest.item !== null) found.push(latest.item);
        continue;
      }
      const current = this.items.get(id);
      if (current === undefined) this.versions.delete(id);
      else found.push(current);
    }
    return found;
  }

  private isVisible({ visibleFromMs }: Version<Item>): boolean {
    return visibleFromMs <= this.options.now();
  }
}
