import type { Journal, QueueRecord } from './journal.ts';
import { MessageShelf } from './message-shelf.ts';
import type { Counts } from './message-shelf.ts';
import type { Message } from './message.ts';
import { Pollers } from './pollers.ts';
import type { Poll } from './pollers.ts';
import type { QueueAttributes } from './queue-attributes.ts';
import { readReceiptHandle } from './receipt-handle.ts';
import { readRedrivePolicy } from './redrive-policy.ts';
import type { RedrivePolicy } from './redrive-policy.ts';
import { invalidParameter, SqsError } from './sqs-error.ts';

/** What a queue needs of its surroundings. */
export interface QueueSurroundings {
  readonly journal: Journal;
  readonly now: () => number;
  readonly queueByArn: (arn: string) => Queue | undefined;
  readonly disorder: boolean;
}

const mostInFlight = 120_000;
const longestInFlightMs = 43_200_000;

/** A standard queue. */
export class Queue {
  readonly arn: string;
  readonly #surroundings: QueueSurroundings;
  readonly #shelf: MessageShelf;
  readonly #pollers: Pollers;
  #record: QueueRecord;
  #redrivePolicy: RedrivePolicy | undefined;

  constructor(
    arn: string,
    record: QueueRecord,
    messages: readonly Message[],
    surroundings: QueueSurroundings,
  ) {
    this.arn = arn;
    this.#record = record;
    this.#surroundings = surroundings;
    this.#shelf = new MessageShelf(messages, surroundings.disorder);
    this.#pollers = new Pollers((atMost, visibilityMs) => this.receive(atMost, visibilityMs), {
      now: surroundings.now,
      nextVisibleAt: () => this.#shelf.nextVisibleAt(),
    });
    this.#readPolicy();
  }

  get name(): string {
    return this.#record.name;
  }

  get record(): QueueRecord {
    return this.#record;
  }

  get redrivePolicy(): RedrivePolicy | undefined {
    return this.#redrivePolicy;
  }

  /** A number among the attributes, such as VisibilityTimeout. */
  setting(name: string): number {
    return Number(this.#record.attributes[name]);
  }

  update(changes: { readonly attributes?: QueueAttributes; readonly tags?: QueueRecord['tags'] }): void {
    const record = { ...this.#record, ...changes, modifiedAt: this.#surroundings.now() };
    this.#surroundings.journal.saveQueue(record);
    this.#record = record;
    this.#readPolicy();
    this.#pollers.serve();
  }

  counts(): Counts {
    this.#catchUp();
    return this.#shelf.counts();
  }

  /** Takes new messages, visible or delayed. */
  add(messages: readonly Message[]): void {
    this.#surroundings.journal.add(this.name, messages);
    this.#put(messages);
  }

  /** Receives what is there at once. */
  receive(atMost: number, visibilityMs: number): Message[] {
    const now = this.#catchUp();
    if (this.#shelf.counts().inFlight >= mostInFlight) {
      throw new SqsError('OverLimit', `Too many messages are in flight: at most ${mostInFlight} may be.`);
    }
    const received: Message[] = [];
    const dead: Message[] = [];
    const deadLetterQueue = this.#deadLetterQueue();
    const mostReceives =
      deadLetterQueue === undefined ? Infinity : (this.#redrivePolicy?.maxReceiveCount ?? 0);
    while (received.length < atMost) {
      const message = this.#shelf.take();
      if (message === undefined) break;
      if (message.receiveCount < mostReceives) {
        this.#shelf.receive(message, now, visibilityMs);
        received.push(message);
      } else dead.push(message);
    }
    this.#surroundings.journal.received(received);
    if (dead.length > 0) deadLetterQueue?.bury(dead, this.arn);
    for (const message of dead) this.#shelf.remove(message);
    return received;
  }

  /** Receives now or, when something comes, later. A poll whose client hangs up takes nothing. */
  poll(poll: Poll): void {
    this.#pollers.add(poll);
  }

  /** Takes back messages that could not be handed over, as if they had never been received. */
  giveBack(handles: readonly string[]): void {
    const undelivered = this.#findAll(handles).filter(({ state }) => state === 'inFlight');
    for (const message of undelivered) this.#shelf.undoReceive(message);
    this.#surroundings.journal.received(undelivered);
    this.#pollers.serve();
  }

  /** What a receipt handle that is not the newest stands for is left alone, as SQS may do. */
  delete(handles: readonly string[]): void {
    const messages = this.#findAll(handles);
    this.#surroundings.journal.remove(messages);
    for (const message of messages) this.#shelf.remove(message);
  }

  /** @throws {SqsError} when the message is not in flight, or would be for more than 12 hours */
  changeVisibility(handle: string, visibilityMs: number): void {
    const now = this.#catchUp();
    const message = this.#find(handle);
    if (message === undefined) {
      const reason = 'Message does not exist or is not available for visibility timeout change.';
      throw invalidParameter('ReceiptHandle', handle, reason);
    }
    if (message.state !== 'inFlight') {
      throw new SqsError('MessageNotInflight', 'The message referred to is not in flight.');
    }
    if (now + visibilityMs > message.receivedAt + longestInFlightMs) {
      const reason = 'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]';
      throw invalidParameter('VisibilityTimeout', visibilityMs / 1_000, reason);
    }
    this.#shelf.hide(message, now + visibilityMs);
    this.#pollers.serve();
  }

  /** The visible messages, from which a move task takes them away. */
  takeVisible(atMost: number): Message[] {
    this.#catchUp();
    const taken: Message[] = [];
    while (taken.length < atMost) {
      const message = this.#shelf.take();
      if (message === undefined) break;
      taken.push(message);
    }
    return taken;
  }

  /** Ends what takeVisible began: the messages are elsewhere now, or stay here. */
  endTake(taken: readonly Message[], isMoved: boolean): void {
    if (isMoved) this.#surroundings.journal.remove(taken);
    for (const message of taken) {
      if (isMoved) this.#shelf.remove(message);
      else this.#shelf.reveal(message);
    }
    if (!isMoved) this.#pollers.serve();
  }

  /** Takes every message away. SQS wants a minute between two purges; here tests may do without the wait. */
  purge(): void {
    this.#surroundings.journal.purge(this.name);
    this.#shelf.clear();
  }

  /** Answers every poll that waits, with nothing. */
  close(): void {
    this.#pollers.close();
  }

  /** Takes over messages of another queue; they keep their place in the order, and when they were sent. */
  bury(messages: readonly Message[], sourceArn: string): void {
    const buried = messages.map((message): Message => ({ ...message, deadLetterSourceArn: sourceArn }));
    this.#surroundings.journal.move(this.name, buried);
    this.#put(buried);
  }

  #put(messages: readonly Message[]): void {
    for (const message of messages) this.#shelf.put(message);
    this.#pollers.serve();
  }

  #findAll(handles: readonly string[]): Message[] {
    const found = handles.map((handle) => this.#find(handle)).filter((message) => message !== undefined);
    return [...new Set(found)];
  }

  #find(handle: string): Message | undefined {
    const { messageId, receiveCount } = readReceiptHandle(handle, this.name);
    const message = this.#shelf.get(messageId);
    return message?.receiveCount === receiveCount ? message : undefined;
  }

  #deadLetterQueue(): Queue | undefined {
    if (this.#redrivePolicy === undefined) return undefined;
    return this.#surroundings.queueByArn(this.#redrivePolicy.deadLetterTargetArn);
  }

  /** Shows what is due and drops what has been here for too long. */
  #catchUp(): number {
    const now = this.#surroundings.now();
    this.#shelf.revealDue(now);
    const expired = this.#shelf.expired(now, this.setting('MessageRetentionPeriod') * 1_000);
    this.#surroundings.journal.remove(expired);
    for (const message of expired) this.#shelf.remove(message);
    return now;
  }

  #readPolicy(): void {
    const text = this.#record.attributes['RedrivePolicy'];
    this.#redrivePolicy = text === undefined ? undefined : readRedrivePolicy(text);
  }
}
