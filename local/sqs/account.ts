import { randomUUID } from 'node:crypto';
import type { QueueRecord } from './journal.ts';
import type { Message, MessageContent } from './message.ts';
import { assertAttributes, defaultAttributes } from './queue-attributes.ts';
import type { QueueAttributes } from './queue-attributes.ts';
import { Queue } from './queue.ts';
import type { QueueSurroundings } from './queue.ts';
import { readRedriveAllowPolicy, readRedrivePolicy } from './redrive-policy.ts';
import type { StoredQueue } from './sqlite-journal.ts';
import { invalidParameter, SqsError } from './sqs-error.ts';

const accountId = '000000000000';
const recentlyMs = 60_000;

/** All queues of an account in one region. */
export class Account {
  readonly #region: string;
  readonly #surroundings: QueueSurroundings;
  readonly #queues = new Map<string, Queue>();
  readonly #deletedAt = new Map<string, number>();
  #lastSequence = 0;

  constructor(
    region: string,
    surroundings: Omit<QueueSurroundings, 'queueByArn'>,
    stored: readonly StoredQueue[],
  ) {
    this.#region = region;
    this.#surroundings = { ...surroundings, queueByArn: (arn) => this.byArn(arn) };
    for (const { messages, ...record } of stored) {
      this.#queues.set(record.name, this.#queue(record, messages));
      for (const { sequence } of messages) this.#lastSequence = Math.max(this.#lastSequence, sequence);
    }
  }

  get queues(): readonly Queue[] {
    return [...this.#queues.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The path that a queue's URL ends with. */
  path({ name }: Queue): string {
    return `/${accountId}/${name}`;
  }

  byName(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  byArn(arn: string): Queue | undefined {
    const queue = this.#queues.get(arn.slice(arn.lastIndexOf(':') + 1));
    return queue?.arn === arn ? queue : undefined;
  }

  /** @throws {SqsError} InvalidAddress, QueueDoesNotExist; the URL's host does not matter */
  byUrl(url: string): Queue {
    const [, name] = /^https?:\/\/[^/]+\/\d{12}\/([^/]+)$/u.exec(url) ?? [];
    if (name === undefined) {
      throw new SqsError('InvalidAddress', `The address ${url} is not valid for this endpoint.`);
    }
    return this.byUrlName(name);
  }

  /** @throws {SqsError} QueueDoesNotExist */
  byUrlName(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  /** The queues whose dead letters this one takes. */
  sourcesOf({ arn }: Queue): readonly Queue[] {
    return this.queues.filter(({ redrivePolicy }) => redrivePolicy?.deadLetterTargetArn === arn);
  }

  /** @throws {SqsError} QueueDeletedRecently, or about the attributes */
  create(name: string, attributes: QueueAttributes, tags: QueueRecord['tags']): Queue {
    this.assertUsable(name, attributes);
    const now = this.#surroundings.now();
    if (now - (this.#deletedAt.get(name) ?? -Infinity) < recentlyMs) {
      const message =
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.';
      throw new SqsError('QueueDeletedRecently', message);
    }
    const all = { ...defaultAttributes, ...attributes };
    const record = { name, createdAt: now, modifiedAt: now, attributes: all, tags };
    this.#surroundings.journal.saveQueue(record);
    const queue = this.#queue(record, []);
    this.#queues.set(name, queue);
    return queue;
  }

  delete(queue: Queue): void {
    this.#surroundings.journal.removeQueue(queue.name);
    this.#queues.delete(queue.name);
    this.#deletedAt.set(queue.name, this.#surroundings.now());
    queue.close();
  }

  /** @throws {SqsError} when attributes are not right for the queue of this name */
  assertUsable(name: string, attributes: QueueAttributes): void {
    assertAttributes(attributes);
    const policy = attributes['RedrivePolicy'] ?? '';
    if (policy === '') return;
    const target = this.byArn(readRedrivePolicy(policy).deadLetterTargetArn);
    if (target === undefined)
      throw invalidParameter('RedrivePolicy', policy, 'Dead letter target does not exist.');
    if (target.name === name)
      throw invalidParameter('RedrivePolicy', policy, 'A queue cannot bury its own messages.');
    const allowPolicy = target.record.attributes['RedriveAllowPolicy'] ?? '';
    if (allowPolicy === '') return;
    const { redrivePermission, sourceQueueArns } = readRedriveAllowPolicy(allowPolicy);
    const isAllowed = redrivePermission === 'allowAll' || sourceQueueArns.includes(this.#arn(name));
    if (isAllowed && redrivePermission !== 'denyAll') return;
    throw invalidParameter('RedrivePolicy', policy, `${target.name} does not allow this queue to use it.`);
  }

  /** A message that nobody has sent yet. */
  newMessage(content: MessageContent, delayMs: number): Message {
    const sentAt = this.#surroundings.now();
    this.#lastSequence += 1;
    return {
      id: randomUUID(),
      sequence: this.#lastSequence,
      content,
      sentAt,
      receiveCount: 0,
      firstReceivedAt: null,
      deadLetterSourceArn: null,
      state: delayMs === 0 ? 'visible' : 'delayed',
      hiddenUntil: delayMs === 0 ? 0 : sentAt + delayMs,
      receivedAt: 0,
    };
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#surroundings.journal.close();
  }

  #arn(name: string): string {
    return `arn:aws:sqs:${this.#region}:${accountId}:${name}`;
  }

  #queue(record: QueueRecord, messages: readonly Message[]): Queue {
    return new Queue(this.#arn(record.name), record, messages, this.#surroundings);
  }
}
