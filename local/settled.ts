import { setTimeout as delay } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Activity } from './lambda.ts';
import { countMessages } from './queue-state.ts';
import type { QueueCounts } from './queue-state.ts';
import type { Queue } from './resources.ts';

const lookEveryMs = 25;
/** Only invocations empty queues: while none runs, it is looked more and more seldom. */
const seldomMs = 200;

/**
 * Settles when every given queue is empty, delayed and in-flight messages included, and no invocation ran between
 * looking at the first queue and the last: then nothing can have moved on unseen.
 * @throws {Error} after `timeoutMs`, saying what was left.
 */
export async function settled(
  sqs: SQSClient,
  queues: readonly Queue[],
  activity: () => Promise<Activity>,
  timeoutMs: number,
  now: () => number = Date.now,
): Promise<void> {
  const deadline = now() + timeoutMs;
  let busiestFirst = [...queues];
  let quietMs = lookEveryMs;
  let before = await activity();
  for (;;) {
    let left = before.running > 0 ? `${before.running} invocations are running` : '';
    for (const queue of left === '' ? busiestFirst : []) {
      const counts = await countMessages(sqs, queue);
      if (total(counts) === 0) continue;
      left = `${queue.logicalId} has ${counts.visible} visible, ${counts.delayed} delayed, ${counts.inFlight} in flight`;
      busiestFirst = [queue, ...busiestFirst.filter((other) => other !== queue)];
      break;
    }
    if (left === '') {
      const after = await activity();
      if (after.running === 0 && after.started === before.started) return;
      left = 'invocations keep starting';
    }
    if (now() > deadline) throw new Error(`The stack did not settle within ${timeoutMs} ms: ${left}.`);
    const seen = before;
    const lookAgainAt = now() + quietMs;
    do {
      await delay(lookEveryMs);
      before = await activity();
    } while (isSame(before, seen) && now() < Math.min(lookAgainAt, deadline));
    quietMs = isSame(before, seen) ? Math.min(seldomMs, 2 * quietMs) : lookEveryMs;
  }
}

const isSame = (one: Activity, other: Activity): boolean =>
  one.running === other.running && one.started === other.started;

const total = ({ visible, delayed, inFlight }: QueueCounts): number => visible + delayed + inFlight;
