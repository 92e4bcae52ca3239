import type { Dispatcher } from 'undici';

/**
 * The sockets of one container. Pooled sockets must not outlive an invocation: a frozen container does not see
 * them die, and the first request after the thaw would be lost on a dead one.
 */
export class Connections {
  readonly #create: () => Dispatcher;
  readonly #users = new Map<Dispatcher, number>();
  readonly #closing = new Set<Promise<void>>();
  #current: Dispatcher | null = null;

  constructor(create: () => Dispatcher) {
    this.#create = create;
  }

  /** Runs `task` with the current dispatcher, made on first use. */
  async use<T>(task: (dispatcher: Dispatcher) => Promise<T>): Promise<T> {
    const dispatcher = (this.#current ??= this.#create());
    this.#users.set(dispatcher, (this.#users.get(dispatcher) ?? 0) + 1);
    try {
      return await task(dispatcher);
    } finally {
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
