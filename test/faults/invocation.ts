import { AsyncLocalStorage } from 'node:async_hooks';

/** One call of an invocation to AWS, to Showpad or to a source. */
export interface OutsideCall {
  readonly invocation: Invocation;
  /** What is asked of whom, the same in every run: `update-metadata: POST /v4/assets/{id}`. */
  readonly label: string;
  readonly system: 'aws' | 'showpad' | 'upload' | 'source';
  readonly method: string;
  readonly path: string;
  /** The JSON text that is sent to Showpad. */
  readonly body: string | undefined;
}

export type Moment = 'before' | 'midway' | 'after';

/**
 * What becomes of a call. A call that is stopped has no effect (before), has its body cut off (midway: only
 * transfers have a middle), or has its effect but nobody hears of it (after).
 */
export type Fate =
  | { readonly kind: 'none' }
  /** The process ends, as at a time-out or when a machine is lost. */
  | { readonly kind: 'kill'; readonly moment: Moment }
  /** The connection breaks. */
  | { readonly kind: 'break'; readonly moment: Moment }
  /** The connection stays, and nothing more comes. */
  | { readonly kind: 'stall'; readonly moment: Moment }
  /**
   * The whole process stands still, before the call or until it hears of its answer. Where its connections are cut
   * meanwhile, it never hears of it.
   */
  | {
      readonly kind: 'freeze';
      readonly moment: 'before' | 'after';
      readonly forMs: number;
      readonly isCut: boolean;
    }
  /** The request is this long on its way. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The connection breaks, and the effect comes this much later. */
  | { readonly kind: 'late'; readonly delayMs: number }
  /** Showpad answers this instead of doing anything. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Its effect comes twice, as when the SDK repeats a request whose answer was lost. */
  | { readonly kind: 'repeat' }
  /** A message that is sent comes later than it was to come; or comes in time, and once more so much later. */
  | { readonly kind: 'delay' | 'echo'; readonly delaySeconds: number };

const current = new AsyncLocalStorage<Invocation>();

/** The invocation that the running code belongs to. */
export function currentInvocation(): Invocation | undefined {
  return current.getStore();
}

/** Runs code that belongs to no invocation. */
export function outsideInvocations<T>(task: () => T): T {
  return current.exit(task);
}

/** A process that ended does nothing more: what its code still tries fails with this, and is seen by nobody. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
}

/** One run of a Lambda function, which can end at any moment. */
export class Invocation {
  readonly functionName: string;
  readonly event: unknown;
  readonly decide: (call: OutsideCall) => Fate;
  /** Settles when it was killed and what it had asked of AWS by then has come to its end. */
  readonly ended: Promise<void>;
  readonly #reportEnd: () => void;
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #cutters = new Set<() => void>();
  #thaw: Promise<unknown> | undefined;
  #hasEnded = false;

  constructor(functionName: string, event: unknown, decide: (call: OutsideCall) => Fate) {
    this.functionName = functionName;
    this.event = event;
    this.decide = decide;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#reportEnd = resolve;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    return current.run(this, task);
  }

  /** Ends the process: its connections are cut, and nothing it tries from now on reaches anybody. */
  kill(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const cut of this.#cutters) cut();
    void Promise.allSettled(this.#inFlight).then(this.#reportEnd);
  }

  /** Whether it stands still, or has done so. */
  get wasFrozen(): boolean {
    return this.#thaw !== undefined;
  }

  /** Lets the process stand still: from now on nothing it does reaches anybody, and nothing reaches it. */
  freeze(until: Promise<unknown>): void {
    this.#thaw = until;
  }

  /** Settles when the process does not stand still. */
  async thawed(): Promise<void> {
    await this.#thaw;
  }

  async track<T>(effect: Promise<T>): Promise<T> {
    this.#inFlight.add(effect);
    try {
      return await effect;
    } finally {
      this.#inFlight.delete(effect);
    }
  }

  /** @returns the way to say that the connection is no longer open */
  onKill(cut: () => void): () => void {
    this.#cutters.add(cut);
    return () => this.#cutters.delete(cut);
  }
}
