import type { CloudFormationTemplate, Properties } from '../sam-template.ts';
import { amount, at, list, resourcesOf, target, type Rule } from './rule.ts';

interface Mapping {
  readonly id: string;
  readonly settings: Properties;
  readonly queueId: string;
  readonly queue: Properties;
  readonly consumer: Properties;
}

/** Who listens to which queue. */
export function mappingsOf(template: CloudFormationTemplate): Mapping[] {
  return resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(({ id, properties: settings }) => {
    const queueId = target(at(settings, 'EventSourceArn'));
    const consumerId = target(at(settings, 'FunctionName'));
    const queue = queueId === undefined ? undefined : template.Resources[queueId];
    const consumer = consumerId === undefined ? undefined : template.Resources[consumerId];
    if (queueId === undefined || queue === undefined || consumer === undefined) {
      throw new Error(`${id} maps something that the template does not have.`);
    }
    return { id, settings, queueId, queue: queue.Properties, consumer: consumer.Properties };
  });
}

/** The queues that dead letters of a consumed queue go to. */
export function deadLetterQueueOf({ queue }: Mapping): string | undefined {
  return target(at(queue, 'RedrivePolicy', 'deadLetterTargetArn'));
}

const fourteenDaysSeconds = 1_209_600;
// After so many days the sweeper gives a job up whose messages come to nothing.
const tenDaysSeconds = 864_000;
const defaultRetentionSeconds = 345_600;

/** Seconds of a property, or the most that the parameter behind it may be set to. */
function longest(template: CloudFormationTemplate, seconds: unknown): number {
  const parameter = at(seconds, 'Ref');
  if (typeof parameter !== 'string') return amount(seconds, 0);
  return amount(at(template.Parameters[parameter], 'MaxValue'), Number.POSITIVE_INFINITY);
}

export const queueRules: readonly Rule[] = [
  {
    name: 'a message stays hidden for six timeouts of its consumer and the batching window',
    mistakes: [
      {
        mistake: 'one second too little',
        path: 'Resources/UploadQueue/Properties/VisibilityTimeout',
        value: 5399,
      },
      {
        mistake: 'a batching window that may be set to more',
        path: 'Parameters/PollGatherSeconds/MaxValue',
        value: 11,
      },
      {
        mistake: 'a batching window that nobody added',
        path: 'Resources/UploadAsset/Properties/Events/Messages/Properties/MaximumBatchingWindowInSeconds',
        value: 1,
      },
    ],
    faults: (template) =>
      mappingsOf(template).flatMap(({ queueId, queue, settings, consumer }) => {
        const window = longest(template, at(settings, 'MaximumBatchingWindowInSeconds'));
        const least = 6 * amount(at(consumer, 'Timeout'), 3) + window;
        const visibility = amount(at(queue, 'VisibilityTimeout'), 30);
        return visibility < least ? [`${queueId} hides messages for ${visibility} s, not ${least} s.`] : [];
      }),
  },
  {
    // A step that is put off goes back to its queue, and a file may be looked at for a day. The SDK passes the trace on
    // by which Lambda counts that. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    name: 'Lambda lets a function send to its own queue as often as it has to',
    mistakes: [
      {
        mistake: 'the default, which ends the loop after 16 messages',
        path: 'Resources/PollProcessing/Properties/RecursiveLoop',
      },
    ],
    faults: (template) =>
      mappingsOf(template)
        .filter(({ consumer }) => at(consumer, 'RecursiveLoop') !== 'Allow')
        .map(({ id }) => `${id}: Lambda takes the waiting of its function for a runaway loop.`),
  },
  {
    name: 'each message of a batch fails on its own',
    mistakes: [
      {
        mistake: 'a forgotten response type',
        path: 'Resources/UploadAsset/Properties/Events/Messages/Properties/FunctionResponseTypes',
      },
    ],
    faults: (template) =>
      mappingsOf(template)
        .filter(
          ({ settings }) => !list(at(settings, 'FunctionResponseTypes')).includes('ReportBatchItemFailures'),
        )
        .map(({ id }) => `${id} does not report batch item failures.`),
  },
  {
    name: 'every mapping has a maximum concurrency',
    mistakes: [
      {
        mistake: 'a forgotten limit',
        path: 'Resources/UploadAsset/Properties/Events/Messages/Properties/ScalingConfig',
      },
    ],
    faults: (template) =>
      mappingsOf(template)
        .filter(({ settings }) => !(amount(at(settings, 'ScalingConfig', 'MaximumConcurrency'), 0) >= 2))
        .map(({ id }) => `${id} has no maximum concurrency.`),
  },
  {
    name: 'a message is tried five times and then becomes a dead letter',
    mistakes: [
      { mistake: 'no redrive policy', path: 'Resources/UploadQueue/Properties/RedrivePolicy' },
      {
        mistake: 'too few tries',
        path: 'Resources/UploadQueue/Properties/RedrivePolicy/maxReceiveCount',
        value: 3,
      },
      {
        mistake: 'dead letters that go to a worker',
        path: 'Resources/UploadQueue/Properties/RedrivePolicy/deadLetterTargetArn',
        value: { 'Fn::GetAtt': 'PollQueue.Arn' },
      },
    ],
    faults: (template) => {
      const mappings = mappingsOf(template);
      const consumed = new Set(mappings.map(({ queueId }) => queueId));
      return mappings.flatMap((mapping) => {
        const deadLetters = deadLetterQueueOf(mapping);
        if (deadLetters === undefined || template.Resources[deadLetters]?.Type !== 'AWS::SQS::Queue') {
          return [`${mapping.queueId} has no dead-letter queue.`];
        }
        const tries = amount(at(mapping.queue, 'RedrivePolicy', 'maxReceiveCount'), 0);
        return [
          ...(tries >= 5 ? [] : [`${mapping.queueId} gives up after ${tries} tries.`]),
          ...(consumed.has(deadLetters) ? [`${deadLetters} is consumed like any other queue.`] : []),
        ];
      });
    },
  },
  {
    name: 'no two queues share a dead-letter queue',
    mistakes: [
      {
        mistake: "another queue's dead-letter queue",
        path: 'Resources/UploadQueue/Properties/RedrivePolicy/deadLetterTargetArn',
        value: { 'Fn::GetAtt': 'PollDeadLetterQueue.Arn' },
      },
    ],
    faults: (template) => {
      const all = mappingsOf(template).map(deadLetterQueueOf);
      return [...new Set(all)]
        .filter((id) => all.filter((other) => other === id).length > 1)
        .map((id) => `${id} takes the dead letters of several queues.`);
    },
  },
  {
    // A dead letter keeps the age that it had in its queue.
    name: 'dead letters are kept for fourteen days, longer than messages',
    mistakes: [
      {
        mistake: 'the default retention',
        path: 'Resources/UploadDeadLetterQueue/Properties/MessageRetentionPeriod',
      },
      {
        mistake: 'messages that may be fourteen days old when they become dead letters',
        path: 'Resources/UploadQueue/Properties/MessageRetentionPeriod',
        value: 1209600,
      },
      {
        mistake: 'messages that are gone before their jobs are given up',
        path: 'Resources/UploadQueue/Properties/MessageRetentionPeriod',
      },
    ],
    faults: (template) =>
      mappingsOf(template).flatMap((mapping) => {
        const id = deadLetterQueueOf(mapping) ?? '';
        const deadLetters = template.Resources[id]?.Properties;
        const kept = amount(at(deadLetters, 'MessageRetentionPeriod'), defaultRetentionSeconds);
        const before = amount(at(mapping.queue, 'MessageRetentionPeriod'), defaultRetentionSeconds);
        return [
          ...(kept === fourteenDaysSeconds ? [] : [`${id} keeps dead letters for ${kept} s.`]),
          ...(before < kept ? [] : [`${mapping.queueId} keeps messages as long as ${id} does.`]),
          ...(before >= tenDaysSeconds ? [] : [`${mapping.queueId} forgets messages after ${before} s.`]),
        ];
      }),
  },
  {
    name: 'every queue has a consumer or takes dead letters',
    mistakes: [
      { mistake: 'a queue that nobody reads', path: 'Resources/StageBinary/Properties/Events/Messages' },
    ],
    faults: (template) => {
      const mappings = mappingsOf(template);
      const used = new Set(mappings.flatMap((mapping) => [mapping.queueId, deadLetterQueueOf(mapping)]));
      return resourcesOf(template, 'AWS::SQS::Queue')
        .filter(({ id }) => !used.has(id))
        .map(({ id }) => `Nobody reads ${id}.`);
    },
  },
  {
    name: 'queues are encrypted',
    mistakes: [{ mistake: 'no encryption', path: 'Resources/UploadQueue/Properties/SqsManagedSseEnabled' }],
    faults: (template) =>
      resourcesOf(template, 'AWS::SQS::Queue')
        .filter(({ properties }) => at(properties, 'SqsManagedSseEnabled') !== true)
        .filter(({ properties }) => at(properties, 'KmsMasterKeyId') === undefined)
        .map(({ id }) => `${id} is not encrypted.`),
  },
];
