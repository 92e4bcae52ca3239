/** A binary heap: whatever comes before all others is always on top. */
export class Heap<Item> {
  readonly #comesBefore: (one: Item, other: Item) => boolean;
  #items: Item[] = [];

  constructor(comesBefore: (one: Item, other: Item) => boolean) {
    this.#comesBefore = comesBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  pop(): Item | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last;
      this.#sink(0);
    }
    return top;
  }

  /** Forgets what is not worth keeping. */
  keep(isWorthKeeping: (item: Item) => boolean): void {
    const kept = this.#items.filter((item) => isWorthKeeping(item));
    this.#items = [];
    for (const item of kept) this.push(item);
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapUnlessOrdered(parent, index)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= this.#items.length) return;
      const child = this.#isOrdered(left, left + 1) ? left : left + 1;
      if (!this.#swapUnlessOrdered(index, child)) return;
      index = child;
    }
  }

  #isOrdered(first: number, second: number): boolean {
    const one = this.#items[first];
    const other = this.#items[second];
    return one === undefined || other === undefined || !this.#comesBefore(other, one);
  }

  #swapUnlessOrdered(parent: number, child: number): boolean {
    const one = this.#items[parent];
    const other = this.#items[child];
    if (one === undefined || other === undefined || !this.#comesBefore(other, one)) return false;
    this.#items[parent] = other;
    this.#items[child] = one;
    return true;
  }
}
