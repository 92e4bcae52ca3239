import type { CloudFormationTemplate } from '../sam-template.ts';
import { deadLetterQueueOf, mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, type NamedResource, type Rule } from './rule.ts';

function alarmOn(
  template: CloudFormationTemplate,
  queueId: string | undefined,
  metric: string,
): NamedResource | undefined {
  return resourcesOf(template, 'AWS::CloudWatch::Alarm').find(
    ({ properties }) =>
      at(properties, 'Namespace') === 'AWS/SQS' &&
      at(properties, 'MetricName') === metric &&
      at(properties, 'ComparisonOperator') === 'GreaterThanThreshold' &&
      list(at(properties, 'Dimensions')).some(
        (dimension) => at(dimension, 'Name') === 'QueueName' && target(at(dimension, 'Value')) === queueId,
      ),
  );
}

export const alarmRules: readonly Rule[] = [
  {
    name: 'the first dead letter of every queue raises an alarm',
    mistakes: [
      { mistake: 'no alarm', path: 'Resources/UploadDeadLetterAlarm' },
      {
        mistake: 'an alarm for the second one',
        path: 'Resources/UploadDeadLetterAlarm/Properties/Threshold',
        value: 1,
      },
    ],
    faults: (template) =>
      mappingsOf(template).flatMap((mapping) => {
        const id = deadLetterQueueOf(mapping);
        const alarm = alarmOn(template, id, 'ApproximateNumberOfMessagesVisible');
        if (alarm === undefined) return [`Nobody hears of the dead letters of ${mapping.queueId}.`];
        return at(alarm.properties, 'Threshold') === 0 ? [] : [`${alarm.id} ignores the first dead letter.`];
      }),
  },
  {
    name: 'a queue that falls behind raises an alarm',
    mistakes: [
      {
        mistake: "an alarm on another queue's name",
        path: 'Resources/UploadAgeAlarm/Properties/Dimensions/0/Value',
        value: { 'Fn::GetAtt': 'PollQueue.QueueName' },
      },
    ],
    faults: (template) =>
      mappingsOf(template)
        .filter(({ queueId }) => alarmOn(template, queueId, 'ApproximateAgeOfOldestMessage') === undefined)
        .map(({ queueId }) => `Nobody hears when ${queueId} falls behind.`),
  },
  {
    name: 'credentials that Showpad refuses raise an alarm',
    mistakes: [
      { mistake: 'no alarm', path: 'Resources/TokenRefusedAlarm' },
      {
        mistake: 'an alarm that waits for the second refusal',
        path: 'Resources/TokenRefusedAlarm/Properties/Threshold',
        value: 1,
      },
      {
        mistake: 'an alarm that ends between two tries',
        path: 'Resources/TokenRefusedAlarm/Properties/Period',
        value: 60,
      },
      {
        mistake: 'another namespace than the functions use',
        path: 'Resources/TokenRefusedAlarm/Properties/Namespace',
        value: 'showpad-connector',
      },
      {
        mistake: 'a service that no function has',
        path: 'Resources/TokenRefusedAlarm/Properties/Dimensions/0/Value',
        value: 'connector',
      },
    ],
    faults: (template) => {
      const quietSeconds = 900;
      const alarm = resourcesOf(template, 'AWS::CloudWatch::Alarm').find(
        ({ properties }) => at(properties, 'MetricName') === 'TokenRefused',
      );
      if (alarm === undefined) return ['Nobody hears when Showpad refuses the credentials.'];
      const { id, properties } = alarm;
      const windowSeconds = Number(at(properties, 'Period')) * Number(at(properties, 'EvaluationPeriods'));
      const publishes = resourcesOf(template, 'AWS::Lambda::Function').some(
        ({ properties: { Environment } }) => {
          const variable = (name: string): string => JSON.stringify(at(Environment, 'Variables', name));
          return (
            variable('POWERTOOLS_METRICS_NAMESPACE') === JSON.stringify(at(properties, 'Namespace')) &&
            variable('POWERTOOLS_SERVICE_NAME') === JSON.stringify(at(properties, 'Dimensions', 0, 'Value'))
          );
        },
      );
      return [
        ...(at(properties, 'Threshold') === 0 ? [] : [`${id} ignores the first refusal.`]),
        ...(windowSeconds > quietSeconds && at(properties, 'DatapointsToAlarm') === 1
          ? []
          : [`${id} ends between two tries.`]),
        ...(publishes ? [] : [`No function publishes the metric of ${id}.`]),
      ];
    },
  },
  {
    name: 'a scheduled function that fails, or does not run, raises an alarm',
    mistakes: [
      { mistake: 'no alarm when it fails', path: 'Resources/SweepFailedAlarm' },
      {
        mistake: 'silence that is taken for health',
        path: 'Resources/SweepMissingAlarm/Properties/TreatMissingData',
        value: 'notBreaching',
      },
    ],
    faults: (template) => {
      const scheduled = resourcesOf(template, 'AWS::Events::Rule').flatMap(({ properties }) =>
        list(at(properties, 'Targets')).map((one) => target(at(one, 'Arn')) ?? ''),
      );
      const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);
      const has = (functionId: string, metric: string, comparison: string, missing: string): boolean =>
        alarms.some(
          (alarm) =>
            at(alarm, 'Namespace') === 'AWS/Lambda' &&
            at(alarm, 'MetricName') === metric &&
            at(alarm, 'ComparisonOperator') === comparison &&
            at(alarm, 'TreatMissingData') === missing &&
            list(at(alarm, 'Dimensions')).some((one) => target(at(one, 'Value')) === functionId),
        );
      return scheduled.flatMap((id) => [
        ...(has(id, 'Errors', 'GreaterThanThreshold', 'notBreaching')
          ? []
          : [`Nobody hears when ${id} fails.`]),
        ...(has(id, 'Invocations', 'LessThanThreshold', 'breaching')
          ? []
          : [`Nobody hears when ${id} does not run.`]),
      ]);
    },
  },
  {
    name: 'every alarm reaches the alarm topic and names its runbook',
    mistakes: [
      { mistake: 'an alarm that nobody hears', path: 'Resources/UploadAgeAlarm/Properties/AlarmActions' },
      {
        mistake: 'an alarm without a runbook',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmDescription',
        value: 'upload-asset has fallen behind.',
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(({ id, properties }) => {
        const reaches = list(at(properties, 'AlarmActions')).some(
          (action) => template.Resources[target(action) ?? '']?.Type === 'AWS::SNS::Topic',
        );
        const description = at(properties, 'AlarmDescription');
        const named = typeof description === 'string' && /\bRunbook: \S/.test(description);
        return [
          ...(reaches ? [] : [`${id} tells no topic.`]),
          ...(named ? [] : [`${id} does not say where its runbook is.`]),
        ];
      }),
  },
  {
    name: 'CloudWatch may publish to the alarm topic',
    mistakes: [
      {
        mistake: "SNS's own key",
        path: 'Resources/AlarmTopic/Properties/KmsMasterKeyId',
        value: 'alias/aws/sns',
      },
      {
        mistake: 'an alarm that is told as if it were an outcome',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmActions/0',
        value: { Ref: 'OutcomeTopic' },
      },
    ],
    faults: (template) => {
      const told = resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(({ properties }) =>
        list(at(properties, 'AlarmActions')).map(target),
      );
      return resourcesOf(template, 'AWS::SNS::Topic')
        .filter(({ id }) => told.includes(id))
        .filter(({ properties }) => at(properties, 'KmsMasterKeyId') === 'alias/aws/sns')
        .map(({ id }) => `${id} is encrypted with a key that CloudWatch may not use.`);
    },
  },
];
