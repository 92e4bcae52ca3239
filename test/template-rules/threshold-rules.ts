import { compileFunction } from 'node:vm';
import { alarmExpectations, type Situation } from './alarm-expectations.ts';
import { at, list, resourcesOf, textOf, type NamedResource, type Rule } from './rule.ts';

// In arithmetic CloudWatch takes what is missing for 0.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
function valueOf({ properties }: NamedResource, situation: Situation): number {
  const name = at(properties, 'MetricName');
  if (typeof name === 'string') return situation[name] ?? 0;
  const metrics = list(at(properties, 'Metrics'));
  const values = metrics.map((metric) => {
    const stat = at(metric, 'MetricStat', 'Metric');
    const of = /\w+/.exec(textOf(at(stat, 'Dimensions', 0, 'Value')) ?? '')?.[0];
    const known = String(at(stat, 'MetricName'));
    return [String(at(metric, 'Id')), situation[known] ?? situation[`${known} of ${of}`] ?? 0] as const;
  });
  const expression = metrics.map((metric) => textOf(at(metric, 'Expression')) ?? '').join('');
  const names = values.map(([id]) => id);
  const calculate = compileFunction(`return (${expression});`, [...names, 'IF']) as (
    ...values: readonly unknown[]
  ) => unknown;
  return Number(calculate(...values.map(([, value]) => value), choose));
}

/** `IF` of metric math. */
function choose(condition: unknown, whenTrue: unknown, whenFalse: unknown): unknown {
  return condition ? whenTrue : whenFalse;
}

function isBad(alarm: NamedResource, situation: Situation): boolean {
  const value = valueOf(alarm, situation);
  const threshold = Number(at(alarm.properties, 'Threshold'));
  return at(alarm.properties, 'ComparisonOperator') === 'LessThanThreshold'
    ? value < threshold
    : value > threshold;
}

const told = (situation: Situation): string => JSON.stringify(situation).replaceAll('"', '');

export const thresholdRules: readonly Rule[] = [
  {
    name: 'every alarm rings when it has to, and not before',
    mistakes: [
      { mistake: 'no alarm when jobs fail', path: 'Resources/JobsFailingAlarm' },
      { mistake: 'no alarm when events cannot be stored', path: 'Resources/EventsNotStoredAlarm' },
      {
        mistake: 'another share of failed jobs',
        path: 'Resources/JobsFailingAlarm/Properties/Threshold',
        value: 30,
      },
      {
        mistake: 'a ratio of two jobs',
        path: 'Resources/JobsFailingAlarm/Properties/Metrics/0/Expression',
        value: '100 * failed / (failed + done)',
      },
      {
        mistake: 'a share of the calls of one API',
        path: 'Resources/ThrottledAlarm/Properties/Metrics/0/Expression',
        value: 'IF(v4 >= 50, 100 * throttles / v4, 0)',
      },
      {
        mistake: 'another patience',
        path: 'Resources/ProcessingStuckAlarm/Properties/Threshold',
        value: 86_400,
      },
      { mistake: 'a longer window', path: 'Resources/StageAgeAlarm/Properties/EvaluationPeriods', value: 12 },
      {
        mistake: 'an alarm at the first slow answer',
        path: 'Resources/EventsNotStoredAlarm/Properties/DatapointsToAlarm',
      },
      {
        mistake: 'a function left out',
        path: 'Resources/FunctionsFailingAlarm/Properties/Metrics/0/Expression',
        value: 'stage + upload + metadata + poll',
      },
      {
        mistake: 'silence that is taken for an alarm',
        path: 'Resources/JobsFailingAlarm/Properties/TreatMissingData',
        value: 'breaching',
      },
      {
        mistake: 'nothing said of missing data',
        path: 'Resources/ThrottledAlarm/Properties/TreatMissingData',
      },
      {
        mistake: 'the wrong statistic',
        path: 'Resources/SilentSourcesAlarm/Properties/Statistic',
        value: 'Minimum',
      },
      {
        mistake: 'an alarm of which nobody has said when it is to ring',
        path: 'Resources/NewAlarm',
        value: { Type: 'AWS::CloudWatch::Alarm', Properties: {} },
      },
    ],
    faults: (template) => {
      const alarms = new Map(
        resourcesOf(template, 'AWS::CloudWatch::Alarm').map((alarm) => [alarm.id, alarm]),
      );
      const unexpected = [...alarms.keys()]
        .filter((id) => !alarmExpectations.some(({ alarm }) => alarm === id))
        .map((id) => `Nothing says when ${id} is to ring: add it to alarm-expectations.ts.`);
      return [
        ...unexpected,
        ...alarmExpectations.flatMap(
          ({ alarm: id, hears, rings, staysQuiet, windowSeconds, badPeriods, missing }) => {
            const alarm = alarms.get(id);
            if (alarm === undefined) return [`${id} is missing: nobody hears ${hears}.`];
            const { properties } = alarm;
            const stat = at(properties, 'Metrics', 1, 'MetricStat');
            const periods = Number(at(properties, 'EvaluationPeriods'));
            const seconds = periods * Number(at(properties, 'Period') ?? at(stat, 'Period'));
            const statistics = [
              at(properties, 'Statistic'),
              ...list(at(properties, 'Metrics')).map((one) => at(one, 'MetricStat', 'Stat')),
            ];
            return [
              ...rings.filter((one) => !isBad(alarm, one)).map((one) => `${id} stays quiet at ${told(one)}.`),
              ...staysQuiet.filter((one) => isBad(alarm, one)).map((one) => `${id} rings at ${told(one)}.`),
              ...(seconds === windowSeconds
                ? []
                : [`${id} looks at ${seconds} seconds, not at ${windowSeconds}.`]),
              ...(Number(at(properties, 'DatapointsToAlarm') ?? periods) === badPeriods
                ? []
                : [`${id} rings after another number of bad periods than ${badPeriods}.`]),
              ...(at(properties, 'TreatMissingData') === missing
                ? []
                : [`${id} takes missing data for something else.`]),
              ...(statistics.every((one) => one === undefined || one === 'Sum' || one === 'Maximum')
                ? []
                : [`${id} looks at a statistic that hides the worst.`]),
            ];
          },
        ),
      ];
    },
  },
];
