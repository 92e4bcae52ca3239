import type { CloudFormationTemplate } from '../sam-template.ts';
import { deadLetterQueueOf, mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, textOf, type NamedResource, type Rule } from './rule.ts';
import { runbookSections, sectionOf } from './runbook.ts';

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
    ],
    faults: (template) => {
      const quietSeconds = 900;
      const alarm = resourcesOf(template, 'AWS::CloudWatch::Alarm').find(
        ({ properties }) => at(properties, 'MetricName') === 'TokenRefused',
      );
      if (alarm === undefined) return ['Nobody hears when Showpad refuses the credentials.'];
      const { id, properties } = alarm;
      const windowSeconds = Number(at(properties, 'Period')) * Number(at(properties, 'EvaluationPeriods'));
      return [
        ...(at(properties, 'Threshold') === 0 ? [] : [`${id} ignores the first refusal.`]),
        ...(windowSeconds > quietSeconds && at(properties, 'DatapointsToAlarm') === 1
          ? []
          : [`${id} ends between two tries.`]),
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
      const scheduled = resourcesOf(template, 'AWS::Events::Rule')
        .filter(({ properties }) => at(properties, 'ScheduleExpression') !== undefined)
        .flatMap(({ properties }) =>
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
    name: 'every alarm reaches the alarm topic, and so does the word that it is over',
    mistakes: [
      { mistake: 'an alarm that nobody hears', path: 'Resources/UploadAgeAlarm/Properties/AlarmActions' },
      {
        mistake: 'an end that is told to nobody',
        path: 'Resources/UploadAgeAlarm/Properties/OKActions',
        value: [{ Ref: 'UploadQueue' }],
      },
      {
        mistake: 'an alarm that is switched off',
        path: 'Resources/UploadAgeAlarm/Properties/ActionsEnabled',
        value: false,
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(({ id, properties }) => {
        const isTopic = (action: unknown): boolean =>
          template.Resources[target(action) ?? '']?.Type === 'AWS::SNS::Topic';
        const reaches = list(at(properties, 'AlarmActions')).some(isTopic);
        return [
          ...(reaches && at(properties, 'ActionsEnabled') !== false ? [] : [`${id} tells no topic.`]),
          ...(list(at(properties, 'OKActions')).every(isTopic)
            ? []
            : [`${id} tells nobody when it is over.`]),
        ];
      }),
  },
  {
    name: 'every alarm says what happened and what to do, and leads to a section of the runbook that is there',
    mistakes: [
      {
        mistake: 'an alarm without a runbook',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmDescription',
        value: 'upload-asset has fallen behind: look what it waits for.',
      },
      {
        mistake: 'a section that the README does not have',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmDescription/Fn::Sub',
        part: '#falling-behind',
        value: '#fallen-behind',
      },
      {
        mistake: 'nothing but a link',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmDescription',
        value: { 'Fn::Sub': 'Behind. Runbook: ${RunbookUrl}#falling-behind' },
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap((alarm) => {
        const section = sectionOf(alarm);
        if (section === undefined) return [`${alarm.id} does not end in Runbook: \${RunbookUrl}#section.`];
        const [sentence = ''] = (textOf(at(alarm.properties, 'AlarmDescription')) ?? '').split(' Runbook: ');
        return [
          ...(runbookSections.has(section)
            ? []
            : [`${alarm.id} leads to ${section}, which README.md does not have.`]),
          // What happened, a colon, what to do.
          ...(/^.{20,}: .{10,}\.$/.test(sentence) ? [] : [`${alarm.id} does not say what to do.`]),
        ];
      }),
  },
  {
    name: 'no two alarms, and no two environments, share the name of an alarm',
    mistakes: [
      {
        mistake: 'a name of all environments',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmName',
        value: 'showpad-connector-upload-asset-behind',
      },
      {
        mistake: "another alarm's name",
        path: 'Resources/UploadAgeAlarm/Properties/AlarmName',
        value: { 'Fn::Sub': 'showpad-connector-${EnvironmentName}-stage-binary-behind' },
      },
      { mistake: 'no name', path: 'Resources/UploadAgeAlarm/Properties/AlarmName' },
    ],
    faults: (template) => {
      const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ id, properties }) => ({
        id,
        name: textOf(at(properties, 'AlarmName')) ?? '',
      }));
      return alarms.flatMap(({ id, name }) => [
        ...(name.includes('${EnvironmentName}') ? [] : [`${id} clashes with that of another environment.`]),
        ...(alarms.some((other) => other.id !== id && other.name === name)
          ? [`${id} has another's name.`]
          : []),
      ]);
    },
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
