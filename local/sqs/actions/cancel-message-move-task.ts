import * as z from 'zod';
import { action } from '../action.ts';

const input = z.object({ TaskHandle: z.string() });

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CancelMessageMoveTask.html */
export const cancelMessageMoveTask = action(input, ({ TaskHandle }, { moveTasks }) => ({
  ApproximateNumberOfMessagesMoved: moveTasks.cancel(TaskHandle).moved,
}));
