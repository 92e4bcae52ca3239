import { Heap } from './heap.ts';
import type { Message } from './message.ts';

const firstSent = (one: Message, other: Message): boolean => one.sequence < other.sequence;
/** A message is overtaken by at most so many younger ones at a time. */
const disorderWidth = 4;

/**
 * The messages of a queue that may be received, in the order of a fair queue: those of the group with the fewest
 * messages in flight come first, and within a group the oldest. A message without a group is a group of its own.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
 */
export class VisibleMessages {
  readonly #disorder: boolean;
  readonly #groups = new Map<string, Heap<Message>>();
  readonly #withoutGroup = new Heap(firstSent);
  #chance = 1;
  #size = 0;

  /** @param disorder a standard queue promises no order: the oldest message is only among the first to be taken */
  constructor(disorder: boolean) {
    this.#disorder = disorder;
  }

  get size(): number {
    return this.#size;
  }

  add(message: Message): void {
    const { groupId } = message.content;
    let group = groupId === null ? this.#withoutGroup : this.#groups.get(groupId);
    if (group === undefined) {
      group = new Heap(firstSent);
      this.#groups.set(groupId ?? '', group);
    }
    group.push(message);
    this.#size += 1;
  }

  /** One that was added is gone: whoever set its state says so here too. */
  forget(): void {
    this.#size -= 1;
  }

  take(inFlight: ReadonlyMap<string, number>): Message | undefined {
    let next: Heap<Message> | undefined;
    let fewest = Infinity;
    if (oldest(this.#withoutGroup) !== undefined) {
      next = this.#withoutGroup;
      fewest = 0;
    }
    for (const [groupId, group] of this.#groups) {
      const top = oldest(group);
      if (top === undefined) {
        this.#groups.delete(groupId);
        continue;
      }
      const count = inFlight.get(groupId) ?? 0;
      if (count < fewest || (count === fewest && next?.top !== undefined && firstSent(top, next.top))) {
        next = group;
        fewest = count;
      }
    }
    if (next === undefined) return undefined;
    this.#size -= 1;
    return this.#disorder ? this.#takeNearTop(next) : next.pop();
  }

  #takeNearTop(group: Heap<Message>): Message | undefined {
    // Always the same sequence, so that what a test saw once it sees again.
    this.#chance = (Math.imul(this.#chance, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    const overtaken: Message[] = [];
    let taken = group.pop();
    for (
      let rest = (this.#chance >> 16) % disorderWidth;
      rest > 0 && oldest(group) !== undefined;
      rest -= 1
    ) {
      if (taken !== undefined) overtaken.push(taken);
      taken = group.pop();
    }
    for (const message of overtaken) group.push(message);
    return taken;
  }
}

/** Drops what is gone, and shows what is then on top. */
function oldest(group: Heap<Message>): Message | undefined {
  while (group.top?.state === 'gone') group.pop();
  return group.top;
}
