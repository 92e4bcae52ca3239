import type { SQSRecord } from 'aws-lambda';
import { settleLetter } from './dead-letter.ts';
import { consumers, isStep, readStepMessage } from './queues.ts';
import type { Services } from './services.ts';
import { redact } from './showpad/redact.ts';

/**
 * Notes on the job that a message names why it could not be handled, and fails the job when it was the last time
 * that the queue lets it be tried. Never throws: a note that cannot be made is missed by nobody's file.
 * @returns whether it was the last time
 */
export async function noteFault(services: Services, record: SQSRecord, error: Error): Promise<boolean> {
  const { body, messageId, attributes, eventSourceARN } = record;
  try {
    const queue = services.queues.nameOf(eventSourceARN);
    if (queue === undefined) return false;
    const attempts = Number(attributes.ApproximateReceiveCount);
    // The job has ended as it has, whether others could be told of it or not; an import notes its faults itself; and
    // what doors are told of is about no job yet.
    if (!isStep(queue)) return attempts >= (await services.queues.settings(queue)).mostReceives;
    const message = readStepMessage(body);
    if (message !== undefined) {
      await services.openJobs.noteFault(message.jobId, {
        function: consumers[queue],
        name: error.name,
        message: redact(error.message),
        attempts,
        ...(typeof message.push === 'number' && { recipient: message.push }),
      });
    }
    if (attempts < (await services.queues.settings(queue)).mostReceives) return false;
    const sentAtMs = Number(attributes.SentTimestamp);
    await settleLetter(services, { queue, messageId, sentAtMs, attempts, body });
    return true;
  } catch (cause) {
    // The sweeper finds it among the dead letters.
    services.logger.warn('fault not noted', { error: cause instanceof Error ? cause : String(cause) });
    return false;
  }
}
