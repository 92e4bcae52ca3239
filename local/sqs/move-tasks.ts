import { randomUUID } from 'node:crypto';
import type { Account } from './account.ts';
import type { Queue } from './queue.ts';
import { SqsError } from './sqs-error.ts';

export interface MoveTask {
  readonly handle: string;
  readonly source: Queue;
  readonly destinationArn: string | undefined;
  readonly perSecond: number | undefined;
  readonly startedAt: number;
  readonly toMove: number;
  moved: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  failure: string | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Tasks that move messages out of dead-letter queues. Without a rate a task is over at once. They are not kept in a
 * journal: what a task had not moved when the emulator was killed is still in its dead-letter queue.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
export class MoveTasks {
  readonly #account: Account;
  readonly #now: () => number;
  readonly #tasks: MoveTask[] = [];

  constructor(account: Account, now: () => number) {
    this.#account = account;
    this.#now = now;
  }

  /** The newest first. */
  of({ arn }: Queue): readonly MoveTask[] {
    return this.#tasks.filter(({ source }) => source.arn === arn).toReversed();
  }

  /** @throws {SqsError} while another task empties the same queue */
  start(source: Queue, destinationArn: string | undefined, perSecond: number | undefined): MoveTask {
    if (this.of(source).some(({ status }) => status === 'RUNNING')) {
      const only = 'Only one active task is allowed for a source queue arn at a given time.';
      throw new SqsError('UnsupportedOperation', `There is already a task running. ${only}`);
    }
    const task: MoveTask = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64'),
      source,
      destinationArn,
      perSecond,
      startedAt: this.#now(),
      toMove: source.counts().visible,
      moved: 0,
      status: 'RUNNING',
      failure: undefined,
      timer: undefined,
    };
    this.#tasks.push(task);
    this.#continue(task);
    return task;
  }

  /** @throws {SqsError} ResourceNotFoundException, UnsupportedOperation */
  cancel(handle: string): MoveTask {
    const task = this.#tasks.find((candidate) => candidate.handle === handle);
    if (task === undefined) throw new SqsError('ResourceNotFoundException', 'Task does not exist.');
    if (task.status !== 'RUNNING') {
      throw new SqsError('UnsupportedOperation', 'Only active tasks can be cancelled.');
    }
    this.#end(task, 'CANCELLED');
    return task;
  }

  close(): void {
    for (const { timer } of this.#tasks) clearTimeout(timer);
  }

  #continue(task: MoveTask): void {
    const left = task.toMove - task.moved;
    const taken = task.source.takeVisible(Math.min(left, task.perSecond ?? left));
    for (const message of taken) {
      const destination = this.#account.byArn(task.destinationArn ?? message.deadLetterSourceArn ?? '');
      if (destination === undefined) {
        const isUnknown = task.destinationArn === undefined && message.deadLetterSourceArn === null;
        task.failure = isUnknown
          ? 'CouldNotDetermineMessageSource'
          : 'AWS.SimpleQueueService.NonExistentQueue';
        continue;
      }
      // A message that was moved is a new one: new id, new time, no receive so far.
      destination.add([this.#account.newMessage(message.content, 0)]);
      task.source.endTake([message], true);
      task.moved += 1;
    }
    task.source.endTake(
      taken.filter(({ state }) => state === 'taken'),
      false,
    );
    if (task.failure !== undefined) this.#end(task, 'FAILED');
    else if (task.moved >= task.toMove || taken.length === 0) this.#end(task, 'COMPLETED');
    else task.timer = setTimeout(() => this.#continue(task), 1_000);
  }

  #end(task: MoveTask, status: MoveTask['status']): void {
    clearTimeout(task.timer);
    task.status = status;
  }
}
