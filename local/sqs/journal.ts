import type { Message } from './message.ts';
import type { QueueAttributes } from './queue-attributes.ts';

/** A queue without its messages. */
export interface QueueRecord {
  readonly name: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly attributes: QueueAttributes;
  readonly tags: Readonly<Record<string, string>>;
}

/** Remembers what happens to queues; when a method has returned, a killed process has not forgotten it. */
export interface Journal {
  saveQueue(queue: QueueRecord): void;
  removeQueue(name: string): void;
  add(queueName: string, messages: readonly Message[]): void;
  received(messages: readonly Message[]): void;
  /** Messages are in another queue from now on. */
  move(queueName: string, messages: readonly Message[]): void;
  remove(messages: readonly Message[]): void;
  purge(queueName: string): void;
  close(): void;
}

export const noJournal: Journal = {
  saveQueue: () => undefined,
  removeQueue: () => undefined,
  add: () => undefined,
  received: () => undefined,
  move: () => undefined,
  remove: () => undefined,
  purge: () => undefined,
  close: () => undefined,
};
