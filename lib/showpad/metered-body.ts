import { ShowpadError } from './errors.ts';
import type { Operation } from './errors.ts';

const largestSlice = 1024 * 1024;

/**
 * Passes a binary on in slices of at most 1 MiB and counts it. What was read last is held back until the source
 * has ended, so that a body of the wrong length is never completed.
 */
export class MeteredBody {
  /** Bytes handed to the target; equal to the size only when the source had exactly that many. */
  handedBytes = 0;
  waitingFor: 'nobody' | 'source' | 'target' = 'nobody';
  readonly size: number;
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #operation: Operation;

  constructor(source: AsyncIterable<Uint8Array>, size: number, operation: Operation) {
    this.#source = source;
    this.size = size;
    this.#operation = operation;
  }

  get isComplete(): boolean {
    return this.handedBytes === this.size;
  }

  /** @throws ShowpadError `LengthMismatch` or `SourceFailed`, before the last byte */
  async *slices(): AsyncGenerator<Uint8Array, void, undefined> {
    let heldBack: Uint8Array = new Uint8Array();
    let readBytes = 0;
    try {
      this.waitingFor = 'source';
      for await (const chunk of this.#source) {
        if (chunk.length === 0) continue;
        readBytes += chunk.length;
        if (readBytes > this.size)
          throw this.#failure('LengthMismatch', `It has more than ${this.size} bytes.`);
        yield* this.#pass(heldBack);
        heldBack = chunk;
      }
      if (readBytes < this.size)
        throw this.#failure('LengthMismatch', `It ended after ${readBytes} of ${this.size} bytes.`);
    } catch (error) {
      if (error instanceof ShowpadError) throw error;
      throw this.#failure('SourceFailed', error instanceof Error ? error.message : String(error), error);
    }
    yield* this.#pass(heldBack);
    this.waitingFor = 'nobody';
  }

  *#pass(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    this.waitingFor = 'target';
    for (let start = 0; start < chunk.length; start += largestSlice) {
      const slice = chunk.length <= largestSlice ? chunk : chunk.subarray(start, start + largestSlice);
      this.handedBytes += slice.length;
      yield slice;
    }
    this.waitingFor = 'source';
  }

  #failure(title: 'LengthMismatch' | 'SourceFailed', detail: string, cause?: unknown): ShowpadError {
    return new ShowpadError({
      operation: this.#operation,
      kind: title === 'LengthMismatch' ? 'protocol' : 'network',
      title,
      detail: `The binary to upload could not be read whole. ${detail}`,
      retryable: title === 'SourceFailed',
      outcomeUnknown: false,
      cause,
    });
  }
}
