// OutcomeQueue → what became of a job, on the topic for other systems.
import { SNSClient } from '@aws-sdk/client-sns';
import { factsOf, nameWork } from '../lib/current-work.ts';
import { sqsHandler, type MessageInvocation } from '../lib/handlers.ts';
import { OutcomeTopic } from '../lib/outcome-topic.ts';
import { announcedEnd, outcomeOf } from '../lib/outcome.ts';
import { outcomeMessageSchema, type OutcomeMessage } from '../lib/queues.ts';
import { outcomeLooksSeconds } from '../lib/retry-rules.ts';
import type { Services } from '../lib/services.ts';

export const handler = sqsHandler(outcomeMessageSchema, publishOutcome);

/**
 * The message is there before the end that it announces: until the end is there, it is put off, and in the end
 * dropped, when whoever was about to end the job can no longer do so. What SNS does not take goes back to the queue.
 */
async function publishOutcome(message: OutcomeMessage, { services }: MessageInvocation): Promise<void> {
  const { jobs, personalUploads, queues, telemetry, logger, config } = services;
  const { jobId, attempt, reopening } = message;
  const job = await jobs.get(jobId);
  if (job === null) {
    logger.warn('a message names a job that does not exist', { jobId });
    return;
  }
  nameWork(factsOf(job));
  const end = announcedEnd(job, reopening);
  if (end === 'overtaken') return;
  if (end === 'open') {
    const delaySeconds = outcomeLooksSeconds[attempt];
    if (delaySeconds === undefined) return;
    const again = { attempt: attempt + 1, ...(reopening !== undefined && { reopening }) };
    await queues.send('outcome', job, again, delaySeconds);
    return;
  }
  const isPush = end.type === 'myfiles.upload';
  const [push, uploads] = isPush
    ? await Promise.all([personalUploads.getPush(jobId), personalUploads.list(jobId)])
    : [null, []];
  await topicOf(services).publish(outcomeOf(end, config.ENVIRONMENT_NAME, push, uploads));
  telemetry.outcomePublished(end);
}

const topics = new WeakMap<Services, OutcomeTopic>();

/** Made here and not with the other services, so that no other function is shipped with a client of SNS. */
function topicOf(services: Services): OutcomeTopic {
  const known = topics.get(services);
  if (known !== undefined) return known;
  const client = services.awsClient((settings) => new SNSClient(settings));
  const topic = new OutcomeTopic(client, services.config.OUTCOME_TOPIC_ARN);
  topics.set(services, topic);
  return topic;
}
