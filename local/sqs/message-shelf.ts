import { Heap } from './heap.ts';
import type { Message } from './message.ts';
import { VisibleMessages } from './visible-messages.ts';

export interface Counts {
  readonly visible: number;
  readonly delayed: number;
  readonly inFlight: number;
}

interface Hidden {
  readonly message: Message;
  readonly until: number;
}

const isCurrent = ({ message, until }: Hidden): boolean =>
  message.hiddenUntil === until && (message.state === 'delayed' || message.state === 'inFlight');
const leftoversWorthKeeping = 1_000;

/** Where the messages of a queue lie: visible, delayed, or in flight. Knows no clock and no disk. */
export class MessageShelf {
  readonly #messages = new Map<string, Message>();
  readonly #disorder: boolean;
  readonly #inFlight = new Map<string, number>();
  #visible: VisibleMessages;
  #hidden = new Heap<Hidden>((one, other) => one.until < other.until);
  #delayedCount = 0;
  #inFlightCount = 0;
  /** No message expires before one that was sent then would. */
  #oldestSentAt = Infinity;
  #retentionMs = 0;

  constructor(messages: readonly Message[], disorder: boolean) {
    this.#disorder = disorder;
    this.#visible = new VisibleMessages(disorder);
    for (const message of messages) this.put(message);
  }

  get(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  counts(): Counts {
    return { visible: this.#visible.size, delayed: this.#delayedCount, inFlight: this.#inFlightCount };
  }

  /** When a hidden message may become visible; there may turn out to be none. */
  nextVisibleAt(): number | undefined {
    return this.#hidden.top?.until;
  }

  put(message: Message): void {
    this.#messages.set(message.id, message);
    this.#oldestSentAt = Math.min(this.#oldestSentAt, message.sentAt);
    if (message.state === 'delayed') {
      this.#delayedCount += 1;
      this.#hidden.push({ message, until: message.hiddenUntil });
    } else this.reveal(message);
  }

  /** The next visible message; the caller says what becomes of it. */
  take(): Message | undefined {
    const message = this.#visible.take(this.#inFlight);
    if (message !== undefined) message.state = 'taken';
    return message;
  }

  receive(message: Message, now: number, visibilityMs: number): void {
    message.receiveCount += 1;
    message.firstReceivedAt ??= now;
    message.receivedAt = now;
    message.state = 'inFlight';
    this.#countInFlight(message, 1);
    this.hide(message, now + visibilityMs);
  }

  undoReceive(message: Message): void {
    this.#countInFlight(message, -1);
    message.receiveCount -= 1;
    if (message.receiveCount === 0) message.firstReceivedAt = null;
    this.reveal(message);
  }

  /** Keeps a message in flight until then. */
  hide(message: Message, until: number): void {
    message.hiddenUntil = until;
    this.#hidden.push({ message, until });
    if (this.#hidden.size > 2 * (this.#delayedCount + this.#inFlightCount) + leftoversWorthKeeping) {
      this.#hidden.keep(isCurrent);
    }
  }

  reveal(message: Message): void {
    message.state = 'visible';
    this.#visible.add(message);
  }

  revealDue(now: number): void {
    for (let top = this.#hidden.top; top !== undefined && top.until <= now; top = this.#hidden.top) {
      this.#hidden.pop();
      if (!isCurrent(top)) continue;
      this.#leave(top.message);
      this.reveal(top.message);
    }
  }

  /** Takes a message off, wherever it lies. */
  remove(message: Message): void {
    if (!this.#messages.delete(message.id)) return;
    this.#leave(message);
    message.state = 'gone';
  }

  expired(now: number, retentionMs: number): Message[] {
    if (retentionMs === this.#retentionMs && this.#oldestSentAt + retentionMs > now) return [];
    const all = [...this.#messages.values()];
    this.#oldestSentAt = all.reduce((oldest, { sentAt }) => Math.min(oldest, sentAt), Infinity);
    this.#retentionMs = retentionMs;
    return all.filter(({ sentAt }) => sentAt + retentionMs <= now);
  }

  clear(): void {
    for (const message of this.#messages.values()) message.state = 'gone';
    this.#messages.clear();
    this.#inFlight.clear();
    this.#visible = new VisibleMessages(this.#disorder);
    this.#hidden.keep(() => false);
    this.#delayedCount = 0;
    this.#inFlightCount = 0;
  }

  #leave(message: Message): void {
    if (message.state === 'delayed') this.#delayedCount -= 1;
    if (message.state === 'inFlight') this.#countInFlight(message, -1);
    if (message.state === 'visible') this.#visible.forget();
  }

  #countInFlight({ content: { groupId } }: Message, change: 1 | -1): void {
    this.#inFlightCount += change;
    if (groupId === null) return;
    const count = (this.#inFlight.get(groupId) ?? 0) + change;
    if (count === 0) this.#inFlight.delete(groupId);
    else this.#inFlight.set(groupId, count);
  }
}
