import type { Dispatcher } from 'undici';
import { longestSocketIdleMs } from '../retry-rules.ts';

/**
 * The sockets of one container. Pooled sockets must not outlive an invocation: a frozen container does not see
 * them die, and the first request after the thaw would be lost on a dead one. Those that nobody has used for a
 * second, by the clock, are given up as well: while a container is frozen no timer tells that they are old.
 */
export class Connections {
  readonly #create: () => Dispatcher;
  readonly #users = new Map<Dispatcher, number>();
  readonly #closing = new Set<Promise<void>>();
  readonly #now: () => number;
  #current: Dispatcher | null = null;
  #usedAt = 0;

  constructor(create: () => Dispatcher, now: () => number = Date.now) {
    this.#create = create;
    this.#now = now;
  }

  /** Runs `task` with the current dispatcher, made on first use. */
  async use<T>(task: (dispatcher: Dispatcher) => Promise<T>): Promise<T> {
    const isIdle = this.#current !== null && !this.#users.has(this.#current);
    if (isIdle && this.#now() - this.#usedAt >= longestSocketIdleMs) {
      this.#closeCurrent().catch(() => undefined);
    }
    const dispatcher = (this.#current ??= this.#create());
    this.#users.set(dispatcher, (this.#users.get(dispatcher) ?? 0) + 1);
    try {
      return await task(dispatcher);
    } finally {
      this.#usedAt = this.#now();
      const left = (this.#users.get(dispatcher) ?? 1) - 1;
      if (left > 0) this.#users.set(dispatcher, left);
      else this.#users.delete(dispatcher);
    }
  }

  /**
   * Closes the current dispatcher; the next request gets a fresh one. Requests that are under way finish on the
   * old one, and this does not wait for them.
   */
  async renew(): Promise<void> {
    const old = this.#current;
    const closed = this.#closeCurrent();
    if (old === null || this.#users.has(old)) closed.catch(() => undefined);
    else await closed;
  }

  /** Closes everything, waiting for requests that are under way. */
  async close(): Promise<void> {
    await Promise.all([this.#closeCurrent(), ...this.#closing]);
  }

  async #closeCurrent(): Promise<void> {
    const old = this.#current;
    this.#current = null;
    if (old === null) return;
    const closing = old.close();
    this.#closing.add(closing);
    try {
      await closing;
    } finally {
      this.#closing.delete(closing);
    }
  }
}
