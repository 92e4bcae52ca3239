import type { Message } from './message.ts';

/** Somebody waits for messages. */
export interface Poll {
  readonly atMost: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  /** Called once; with no messages when the time is up. */
  readonly answer: (messages: Message[]) => void;
  /** The request fails. */
  readonly fail: (error: unknown) => void;
  readonly hasHungUp: () => boolean;
}

interface Waiting {
  readonly poll: Poll;
  readonly timer: NodeJS.Timeout;
}

interface Visibility {
  readonly now: () => number;
  readonly nextVisibleAt: () => number | undefined;
}

/** The long polls of a queue: first come, first served, as soon as something is visible. */
export class Pollers {
  readonly #receive: (atMost: number, visibilityMs: number) => Message[];
  readonly #visibility: Visibility;
  readonly #waiting = new Set<Waiting>();
  #wake: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(receive: (atMost: number, visibilityMs: number) => Message[], visibility: Visibility) {
    this.#receive = receive;
    this.#visibility = visibility;
  }

  add(poll: Poll): void {
    if (this.#waiting.size === 0 && this.#isServed(poll)) return;
    const waiting: Waiting = {
      poll,
      timer: setTimeout(() => {
        this.#waiting.delete(waiting);
        poll.answer([]);
      }, poll.waitMs),
    };
    this.#waiting.add(waiting);
    this.serve();
  }

  /** Something may have become visible, or may become so at another time. */
  serve(): void {
    for (const waiting of this.#waiting) {
      if (!this.#isServed(waiting.poll)) break;
      this.#waiting.delete(waiting);
      clearTimeout(waiting.timer);
    }
    this.#wakeInTime();
  }

  close(): void {
    for (const { poll, timer } of this.#waiting) {
      clearTimeout(timer);
      poll.answer([]);
    }
    this.#waiting.clear();
    this.#wakeInTime();
  }

  #isServed(poll: Poll): boolean {
    if (poll.hasHungUp()) return true;
    try {
      const messages = this.#receive(poll.atMost, poll.visibilityMs);
      if (messages.length === 0 && poll.waitMs > 0) return false;
      poll.answer(messages);
    } catch (error) {
      poll.fail(error);
    }
    return true;
  }

  #wakeInTime(): void {
    const at = this.#waiting.size === 0 ? undefined : this.#visibility.nextVisibleAt();
    if (at === this.#wake?.at) return;
    clearTimeout(this.#wake?.timer);
    this.#wake = undefined;
    if (at === undefined) return;
    const wake = (): void => {
      this.#wake = undefined;
      this.serve();
    };
    this.#wake = { at, timer: setTimeout(wake, Math.max(1, at - this.#visibility.now())) };
  }
}
