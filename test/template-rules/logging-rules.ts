import { everyOne } from './every-one.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

/**
 * What a line of the access log may tell. Paths hold subjects, queries signatures, and the names of callers addresses.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const harmless = new Set([
  'error.message',
  'integration.latency',
  'integration.requestId',
  'integration.status',
  'requestId',
  'requestTime',
  'responseLatency',
  'responseLength',
  'routeKey',
  'status',
]);
const needed = ['requestId', 'integration.requestId', 'routeKey', 'status'];

const formatPath = 'Resources/Api/Properties/AccessLogSettings/Format';

export const loggingRules: readonly Rule[] = [
  everyOne(
    'log groups keep their lines as long as was promised, whatever becomes of the stack',
    'AWS::Logs::LogGroup',
    {
      'does not keep lines for LogRetentionDays': ({ properties }) =>
        target(at(properties, 'RetentionInDays')) === 'LogRetentionDays',
      'goes when the stack goes': ({ attributes }) =>
        ['Retain', 'RetainExceptOnCreate'].includes(String(at(attributes, 'DeletionPolicy'))),
      'goes when it is replaced': ({ attributes }) => at(attributes, 'UpdateReplacePolicy') === 'Retain',
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
      'makes no metrics of lines': ({ properties }) =>
        ['STANDARD', undefined].includes(at(properties, 'LogGroupClass') as string | undefined),
    },
    [
      {
        mistake: 'an access log that is kept for ever',
        path: 'Resources/ApiLogGroup/Properties/RetentionInDays',
      },
      {
        mistake: 'a retention that nobody can set',
        path: 'Resources/UploadAssetLogGroup/Properties/RetentionInDays',
        value: 1,
      },
      { mistake: 'logs that go with the stack', path: 'Resources/UploadAssetLogGroup/DeletionPolicy' },
      {
        mistake: 'logs that go when they are replaced',
        path: 'Resources/UploadAssetLogGroup/UpdateReplacePolicy',
        value: 'Delete',
      },
      {
        mistake: 'a class of log groups that has no metrics',
        path: 'Resources/UploadAssetLogGroup/Properties/LogGroupClass',
        value: 'INFREQUENT_ACCESS',
      },
    ],
  ),
  {
    name: 'the access log tells which route and which invocation, and no secret',
    mistakes: [
      {
        mistake: 'paths, which hold subjects',
        path: formatPath,
        value: '{"id":"$context.requestId","path":"$context.path","status":"$context.status"}',
      },
      {
        mistake: 'who called, which may be an e-mail address',
        path: formatPath,
        value: '{"route":"$context.routeKey","caller":"$context.identity.userArn"}',
      },
      {
        mistake: 'no way to find the invocation',
        path: formatPath,
        value: '{"id":"$context.requestId","route":"$context.routeKey","status":"$context.status"}',
      },
      {
        mistake: 'lines that are no JSON',
        path: formatPath,
        value: '$context.requestId $context.integration.requestId $context.routeKey $context.status',
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::ApiGatewayV2::Stage').flatMap(({ id, properties }) => {
        const format = String(at(properties, 'AccessLogSettings', 'Format'));
        const told = [...format.matchAll(/\$context\.([\w.]+)/g)].map(([, name = '']) => name);
        return [
          ...told
            .filter((name) => !harmless.has(name))
            .map((name) => `The access log of ${id} tells ${name}, which may be secret.`),
          ...needed
            .filter((name) => !told.includes(name))
            .map((name) => `The access log of ${id} does not tell ${name}.`),
          ...(isJson(format) ? [] : [`The access log of ${id} is not JSON.`]),
        ];
      }),
  },
  {
    name: "a function's metrics have a namespace of their environment's own",
    mistakes: [
      {
        mistake: 'one namespace for all environments',
        path: 'Globals/Function/Environment/Variables/POWERTOOLS_METRICS_NAMESPACE',
        value: 'showpad-connector',
      },
      {
        mistake: "an alarm on another environment's metrics",
        path: 'Resources/TokenRefusedAlarm/Properties/Namespace',
        value: 'showpad-connector-prod',
      },
    ],
    faults: (template) => {
      const own = new Set<string>();
      const faults: string[] = [];
      for (const { id, properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
        const namespace = at(properties, 'Environment', 'Variables', 'POWERTOOLS_METRICS_NAMESPACE');
        own.add(JSON.stringify(namespace));
        if (!JSON.stringify(namespace)?.includes('${EnvironmentName}'))
          faults.push(`${id} has its metrics among those of all environments.`);
      }
      for (const { id, properties } of resourcesOf(template, 'AWS::CloudWatch::Alarm')) {
        const namespaces = [
          at(properties, 'Namespace'),
          ...list(at(properties, 'Metrics')).map((metric) => at(metric, 'MetricStat', 'Metric', 'Namespace')),
        ].filter((namespace) => namespace !== undefined && !JSON.stringify(namespace).startsWith('"AWS/'));
        if (!namespaces.every((namespace) => own.has(JSON.stringify(namespace))))
          faults.push(`${id} looks at metrics that no function of this stack has.`);
      }
      return faults;
    },
  },
];

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
