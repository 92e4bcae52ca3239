import type { CloudFormationTemplate } from '../sam-template.ts';
import { runbookSections, sectionOf } from './runbook.ts';
import { deadLetterQueueOf, mappingsOf } from './queue-rules.ts';
import { at, resourcesOf, textOf, type Rule } from './rule.ts';
import { watchedMetrics, widgetsOf } from './watched-metrics.ts';

const body = 'Resources/Dashboard/Properties/DashboardBody/Fn::Sub';

/** Whether a widget shows a metric of something. */
function shownBy(template: CloudFormationTemplate): (name: string, of: string) => boolean {
  const shown = watchedMetrics(template).filter(({ by }) => by.startsWith('The widget'));
  return (name, of) =>
    shown.some((metric) => metric.name === name && Object.values(metric.dimensions).includes(of));
}

export const dashboardRules: readonly Rule[] = [
  {
    name: 'there is one dashboard, and environments do not share it',
    mistakes: [
      { mistake: 'no dashboard', path: 'Resources/Dashboard' },
      { mistake: 'a dashboard without a name', path: 'Resources/Dashboard/Properties/DashboardName' },
      {
        mistake: 'one name for all environments',
        path: 'Resources/Dashboard/Properties/DashboardName',
        value: 'showpad-connector',
      },
    ],
    faults: (template) => {
      const dashboards = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
      const isNamed = (name: unknown): boolean => textOf(name)?.includes('${EnvironmentName}') === true;
      return [
        ...(dashboards.length === 1 ? [] : ['There is not one dashboard.']),
        ...dashboards
          .filter(({ properties }) => !isNamed(at(properties, 'DashboardName')))
          .map(({ id }) => `${id} clashes with that of another environment.`),
      ];
    },
  },
  {
    // A widget with a query of the logs costs whenever somebody looks.
    name: 'the dashboard is one that CloudWatch takes, and looking at it costs nothing',
    mistakes: [
      {
        mistake: 'no JSON',
        path: body,
        part: '"periodOverride": "inherit",',
        value: '"periodOverride": "inherit"',
      },
      { mistake: 'a query of the logs', path: body, part: '"type": "alarm"', value: '"type": "log"' },
      { mistake: 'a title that is not JSON', path: body, part: '"Bytes moved"', value: "'Bytes moved'" },
    ],
    faults: (template) => {
      try {
        widgetsOf(template);
        return [];
      } catch (error) {
        return [String(error)];
      }
    },
  },
  {
    name: 'the dashboard shows every alarm',
    mistakes: [
      { mistake: 'an alarm less', path: body, part: '${InFlightAlarm.Arn}', value: '${StageAgeAlarm.Arn}' },
    ],
    faults: (template) => {
      const shown = widgetsOf(template).flatMap((widget) =>
        widget.type === 'alarm' ? widget.properties.alarms : [],
      );
      return resourcesOf(template, 'AWS::CloudWatch::Alarm')
        .filter(({ id }) => !shown.includes(`\${${id}.Arn}`))
        .map(({ id }) => `The dashboard does not show ${id}.`);
    },
  },
  {
    name: 'the dashboard shows of every queue how far behind it is, and its dead letters',
    mistakes: [
      {
        mistake: 'a queue less',
        path: body,
        part: '${MetadataQueue.QueueName}',
        value: '${UploadQueue.QueueName}',
      },
      {
        mistake: 'dead letters that nobody sees',
        path: body,
        part: '${PollDeadLetterQueue.QueueName}',
        value: '${PollQueue.QueueName}',
      },
    ],
    faults: (template) => {
      const shows = shownBy(template);
      return mappingsOf(template).flatMap((mapping) => {
        const queue = `\${${mapping.queueId ?? ''}.QueueName}`;
        const wanted: [name: string, of: string][] = [
          ['ApproximateAgeOfOldestMessage', queue],
          ['ApproximateNumberOfMessagesVisible', queue],
          ['ApproximateNumberOfMessagesDelayed', queue],
          ['ApproximateNumberOfMessagesNotVisible', queue],
          ['ApproximateNumberOfMessagesVisible', `\${${deadLetterQueueOf(mapping) ?? ''}.QueueName}`],
        ];
        return wanted
          .filter(([name, of]) => !shows(name, of))
          .map(([name, of]) => `The dashboard does not show ${name} of ${of}.`);
      });
    },
  },
  {
    name: 'the dashboard shows of every function whether it fails or is held back',
    mistakes: [{ mistake: 'a function less', path: body, part: '${GetAsset}', value: '${GetJob}' }],
    faults: (template) => {
      const shows = shownBy(template);
      return resourcesOf(template, 'AWS::Lambda::Function').flatMap(({ id }) =>
        ['Errors', 'Throttles']
          .filter((name) => !shows(name, `\${${id}}`))
          .map((name) => `The dashboard does not show ${name} of ${id}.`),
      );
    },
  },
  {
    name: 'the dashboard leads to every section of the runbook that an alarm names, and nowhere else',
    mistakes: [
      {
        mistake: 'a link less',
        path: body,
        part: '(${RunbookUrl}#silent-sources)',
        value: '(${RunbookUrl}#the-sweeper)',
      },
      { mistake: 'a link to nothing', path: body, part: '#the-sweeper', value: '#the-broom' },
    ],
    faults: (template) => {
      const texts = widgetsOf(template).flatMap((widget) =>
        widget.type === 'text' ? widget.properties.markdown : [],
      );
      const linked = [...texts.join('\n').matchAll(/\(\$\{RunbookUrl\}#([\w-]+)\)/g)].map(
        ([, section = '']) => section,
      );
      const named = resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(
        (alarm) => sectionOf(alarm) ?? [],
      );
      return [
        ...[...new Set(named)]
          .filter((section) => !linked.includes(section))
          .map((section) => `The dashboard does not link to ${section}.`),
        ...linked
          .filter((section) => !runbookSections.has(section))
          .map((section) => `The dashboard links to ${section}, which README.md does not have.`),
      ];
    },
  },
];
