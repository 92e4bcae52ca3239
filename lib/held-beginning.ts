import { beginningBytes } from './sniff-type.ts';

/** Holds the beginning of a content back until it has been judged. */
export class HeldBeginning {
  readonly #judge: (beginning: Buffer) => void;
  #held: Buffer | null = Buffer.alloc(0);

  /** @param judge throws when the content is not taken */
  constructor(judge: (beginning: Buffer) => void) {
    this.#judge = judge;
  }

  /** The bytes that may go on; null while more are awaited. */
  take(piece: Buffer): Buffer | null {
    if (this.#held === null) return piece;
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    return this.#held.length < beginningBytes ? null : this.#release(this.#held);
  }

  /** The bytes of a content that has ended before it was judged; null when there are none. */
  end(): Buffer | null {
    return this.#held === null || this.#held.length === 0 ? null : this.#release(this.#held);
  }

  #release(held: Buffer): Buffer {
    this.#judge(held.subarray(0, beginningBytes));
    this.#held = null;
    return held;
  }
}
