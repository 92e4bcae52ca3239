import { definitionOf, metricDefinitions, type MetricName } from '../../lib/metric-definitions.ts';
import type { CloudFormationTemplate } from '../sam-template.ts';
import { at, resourcesOf, textOf, type Rule } from './rule.ts';
import { watchedMetrics, type WatchedMetric } from './watched-metrics.ts';

/** What AWS publishes of itself, as far as it is looked at: the dimension, and the resource that it names. */
const metricsOfAws: Readonly<
  Record<string, { dimension: string; type: string; attribute?: string; names: string[] }>
> = {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  'AWS/SQS': {
    dimension: 'QueueName',
    type: 'AWS::SQS::Queue',
    attribute: 'QueueName',
    names: [
      'ApproximateAgeOfOldestMessage',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesVisible',
    ],
  },
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  'AWS/Lambda': {
    dimension: 'FunctionName',
    type: 'AWS::Lambda::Function',
    names: ['Errors', 'Invocations', 'Throttles'],
  },
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
  'AWS/ApiGateway': { dimension: 'ApiId', type: 'AWS::ApiGatewayV2::Api', names: ['4xx', '5xx', 'Count'] },
};

/** What is wrong with a metric that somebody looks at; null when it is published just so. */
function faultOf(template: CloudFormationTemplate, metric: WatchedMetric): string | null {
  const own = ownMetrics(template);
  return metric.namespace === own.namespace ? faultOfOwn(metric, own.service) : faultOfAws(template, metric);
}

/** Under what the functions publish. */
function ownMetrics(template: CloudFormationTemplate): {
  namespace: string | undefined;
  service: string | undefined;
} {
  const [first] = resourcesOf(template, 'AWS::Lambda::Function');
  const variable = (name: string) => textOf(at(first?.properties, 'Environment', 'Variables', name));
  return {
    namespace: variable('POWERTOOLS_METRICS_NAMESPACE'),
    service: variable('POWERTOOLS_SERVICE_NAME'),
  };
}

const isOwnName = (name: string): name is MetricName => Object.hasOwn(metricDefinitions, name);

function faultOfOwn({ by, name, dimensions }: WatchedMetric, service: string | undefined): string | null {
  if (!isOwnName(name)) return `${by} looks at ${name}, which no function publishes.`;
  const definition = definitionOf(name);
  const { service: named, ...others } = dimensions;
  const isOfService = named === service || (named === null && Object.keys(others).length > 0);
  const wanted = [
    ...(definition.by === undefined || definition.andWhole === true ? [''] : []),
    ...(definition.by === undefined ? [] : [definition.by]),
  ];
  return isOfService && wanted.some((split) => split === Object.keys(others).join())
    ? null
    : `${by} looks at ${name} by other dimensions than it is published with.`;
}

function faultOfAws(
  template: CloudFormationTemplate,
  { by, namespace, name, dimensions }: WatchedMetric,
): string | null {
  const known = metricsOfAws[namespace];
  if (known === undefined) return `${by} looks at ${namespace}, where nobody publishes.`;
  if (!known.names.includes(name)) return `${by} looks at ${name}, which ${namespace} does not have.`;
  const [[dimension, value] = [], ...others] = Object.entries(dimensions);
  const [, id = '', attribute] = /^\$\{(\w+)(?:\.(\w+))?\}$/.exec(value ?? '') ?? [];
  const isRight =
    others.length === 0 &&
    dimension === known.dimension &&
    attribute === known.attribute &&
    template.Resources[id]?.Type === known.type;
  return isRight ? null : `${by} looks at ${name} of something else than a ${known.type}.`;
}

const dashboard = 'Resources/Dashboard/Properties/DashboardBody/Fn::Sub';

export const metricRules: readonly Rule[] = [
  {
    name: 'alarms and the dashboard look at metrics that are published, just as they are published',
    mistakes: [
      {
        mistake: 'an alarm on a metric that nobody publishes',
        path: 'Resources/SilentSourcesAlarm/Properties/MetricName',
        value: 'SourcesSilent',
      },
      {
        mistake: 'a ratio of a metric that nobody publishes',
        path: 'Resources/JobsFailingAlarm/Properties/Metrics/1/MetricStat/Metric/MetricName',
        value: 'JobFailures',
      },
      {
        mistake: 'an alarm without the dimension that every metric has',
        path: 'Resources/ProcessingStuckAlarm/Properties/Dimensions',
      },
      {
        mistake: 'a service that no function has',
        path: 'Resources/TokenRefusedAlarm/Properties/Dimensions/0/Value',
        value: 'connector',
      },
      {
        mistake: 'a part of a metric for the whole',
        path: 'Resources/JobsFailingAlarm/Properties/Metrics/1/MetricStat/Metric/MetricName',
        value: 'StepsPutOff',
      },
      {
        mistake: 'another namespace than the functions use',
        path: 'Resources/TokenRefusedAlarm/Properties/Namespace',
        value: 'showpad-connector',
      },
      {
        mistake: 'a metric that SQS does not have',
        path: 'Resources/StageAgeAlarm/Properties/MetricName',
        value: 'AgeOfOldestMessage',
      },
      {
        mistake: 'the metric of a REST API for that of an HTTP API',
        path: 'Resources/EventsNotStoredAlarm/Properties/MetricName',
        value: '5XXError',
      },
      {
        mistake: "a function where a queue's name belongs",
        path: 'Resources/StageAgeAlarm/Properties/Dimensions/0/Value',
        value: { Ref: 'StageBinary' },
      },
      {
        mistake: 'a widget on a misspelt metric',
        path: dashboard,
        part: 'FilesUsable',
        value: 'FilesUseable',
      },
      {
        mistake: 'a search by something that is no dimension',
        path: dashboard,
        part: ',step}',
        value: ',source}',
      },
      {
        mistake: 'a search that CloudWatch cannot read',
        path: dashboard,
        part: '\\"JobsFailed\\"',
        value: 'JobsFailed',
      },
      {
        mistake: "a queue's ARN for its name",
        path: dashboard,
        part: '${PollQueue.QueueName}',
        value: '${PollQueue.Arn}',
      },
    ],
    faults: (template) => watchedMetrics(template).flatMap((metric) => faultOf(template, metric) ?? []),
  },
  {
    name: 'every metric that the functions publish, and pay for, is looked at',
    mistakes: [{ mistake: 'a widget less', path: dashboard, part: '"AssetsGone"', value: '"AssetsAdopted"' }],
    faults: (template) => {
      const watched = new Set(watchedMetrics(template).map(({ name }) => name));
      return Object.keys(metricDefinitions)
        .filter((name) => !watched.has(name))
        .map((name) => `Nobody looks at ${name}.`);
    },
  },
];
