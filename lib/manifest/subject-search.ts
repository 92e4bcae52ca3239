import { hash } from 'node:crypto';

const leastSlots = 1 << 16;
const mostLoad = 0.6;

/** A share of all subjects: those whose hash ends with these bits. */
export interface Share {
  readonly bits: number;
  readonly value: number;
}

/**
 * Finds the subjects that a file names twice, in memory that is bounded however long the file is: what is kept of a
 * subject is 64 bits of its hash and its line, twelve bytes. Where even those are too many, it goes on with half of
 * the subjects, and says which shares are left for another reading of the file.
 */
export class SubjectSearch {
  readonly #mostSlots: number;
  #share: Share;
  #left: Share[] = [];
  #hashes: BigUint64Array;
  #lines: Uint32Array;
  #count = 0;

  /** @param mostSlots a power of two; the default takes 96 MiB, enough for five million subjects at once */
  constructor(share: Share = { bits: 0, value: 0 }, mostSlots = 1 << 23) {
    this.#share = share;
    this.#mostSlots = mostSlots;
    const slots = Math.min(leastSlots, mostSlots);
    this.#hashes = new BigUint64Array(slots);
    this.#lines = new Uint32Array(slots);
  }

  /** The shares that another reading has to look for. */
  get left(): readonly Share[] {
    return this.#left;
  }

  /** The line that names the subject already; null for one that is new, or that this reading does not look for. */
  add(subject: string, line: number): number | null {
    const digest = hash('sha1', subject, 'buffer').readBigUInt64LE();
    if (!isIn(this.#share, digest)) return null;
    const slot = this.#slotOf(digest);
    const known = this.#lines[slot] ?? 0;
    if (known !== 0) return known;
    this.#hashes[slot] = digest;
    this.#lines[slot] = line;
    this.#count += 1;
    if (this.#count > this.#lines.length * mostLoad) this.#makeRoom();
    return null;
  }

  #slotOf(digest: bigint): number {
    const mask = this.#lines.length - 1;
    // The low bits say which share it is in.
    let slot = Number(digest >> 32n) & mask;
    while (this.#lines[slot] !== 0 && this.#hashes[slot] !== digest) slot = (slot + 1) & mask;
    return slot;
  }

  #makeRoom(): void {
    const [hashes, lines] = [this.#hashes, this.#lines];
    const isFull = lines.length >= this.#mostSlots;
    if (isFull) {
      const { bits, value } = this.#share;
      this.#left.push({ bits: bits + 1, value: value | (1 << bits) });
      this.#share = { bits: bits + 1, value };
    }
    const slots = isFull ? lines.length : lines.length * 2;
    this.#hashes = new BigUint64Array(slots);
    this.#lines = new Uint32Array(slots);
    this.#count = 0;
    for (const [index, line] of lines.entries()) {
      const digest = hashes[index] ?? 0n;
      if (line === 0 || !isIn(this.#share, digest)) continue;
      const slot = this.#slotOf(digest);
      this.#hashes[slot] = digest;
      this.#lines[slot] = line;
      this.#count += 1;
    }
  }
}

function isIn({ bits, value }: Share, digest: bigint): boolean {
  return bits === 0 || Number(digest & 0xffffffffn) % 2 ** bits === value;
}
