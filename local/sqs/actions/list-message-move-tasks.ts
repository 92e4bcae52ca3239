import * as z from 'zod';
import { action } from '../action.ts';
import type { MoveTask } from '../move-tasks.ts';
import { assertInRange, SqsError } from '../sqs-error.ts';

const input = z.object({ SourceArn: z.string(), MaxResults: z.number().default(1) });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html */
export const listMessageMoveTasks = action(input, ({ SourceArn, MaxResults }, { account, moveTasks }) => {
  assertInRange('MaxResults', MaxResults, 1, 10);
  const source = account.byArn(SourceArn);
  if (source === undefined) {
    const message = "The resource that you specified for the SourceArn parameter doesn't exist.";
    throw new SqsError('ResourceNotFoundException', message);
  }
  return { Results: moveTasks.of(source).slice(0, MaxResults).map(describe) };
});

function describe(task: MoveTask): Readonly<Record<string, unknown>> {
  return {
    // Only a task that can be cancelled has a handle.
    TaskHandle: task.status === 'RUNNING' ? task.handle : undefined,
    Status: task.status,
    SourceArn: task.source.arn,
    DestinationArn: task.destinationArn,
    MaxNumberOfMessagesPerSecond: task.perSecond,
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    FailureReason: task.failure,
    StartedTimestamp: task.startedAt,
  };
}
