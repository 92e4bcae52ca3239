import * as z from 'zod';
import { action } from '../action.ts';
import { assertInRange, SqsError } from '../sqs-error.ts';

const input = z.object({
  SourceArn: z.string(),
  DestinationArn: z.string().optional(),
  MaxNumberOfMessagesPerSecond: z.number().optional(),
});

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html */
export const startMessageMoveTask = action(input, (given, { account, moveTasks }) => {
  const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: perSecond } = given;
  assertInRange('MaxNumberOfMessagesPerSecond', perSecond, 1, 500);
  const source = account.byArn(SourceArn);
  if (source === undefined) throw unknownArn('SourceArn');
  if (account.sourcesOf(source).length === 0) {
    const message = 'Source queue must be configured as a Dead Letter Queue.';
    throw new SqsError('InvalidParameterValue', message);
  }
  if (DestinationArn !== undefined && account.byArn(DestinationArn) === undefined)
    throw unknownArn('DestinationArn');
  return { TaskHandle: moveTasks.start(source, DestinationArn, perSecond).handle };
});

function unknownArn(parameter: string): SqsError {
  const message = `The resource that you specified for the ${parameter} parameter doesn't exist.`;
  return new SqsError('ResourceNotFoundException', message);
}
