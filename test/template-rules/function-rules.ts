import { functionNames } from '../../build.ts';
import { configSchema } from '../../lib/config.ts';
import { amount, at, list, resourcesOf, setting, target, type Rule } from './rule.ts';

const environmentOfOthers = [
  // https://nodejs.org/docs/latest-v24.x/api/cli.html#node_optionsoptions
  'NODE_OPTIONS',
  // https://docs.powertools.aws.dev/lambda/typescript/latest/environment-variables/
  'POWERTOOLS_LOG_LEVEL',
  'POWERTOOLS_METRICS_NAMESPACE',
  'POWERTOOLS_SERVICE_NAME',
];
const openRoutes = ['POST /events/{source}', 'GET /events/{source}', 'GET /health'];
// An HTTP API gives up after 30 s, whatever the function does.
const longestAnswerSeconds = 29;

export const functionRules: readonly Rule[] = [
  {
    name: 'functions run on Node 24, on arm64',
    mistakes: [
      {
        mistake: 'an older runtime for one function',
        path: 'Resources/UploadAsset/Properties/Runtime',
        value: 'nodejs22.x',
      },
      { mistake: 'another architecture for all', path: 'Globals/Function/Architectures', value: ['x86_64'] },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::Lambda::Function')
        .filter(
          ({ properties }) =>
            at(properties, 'Runtime') !== 'nodejs24.x' ||
            list(at(properties, 'Architectures')).join(' ') !== 'arm64',
        )
        .map(({ id }) => `${id} runs on something else.`),
  },
  {
    name: 'every function of the template is built, and every built function is in the template',
    mistakes: [
      {
        mistake: 'a misspelt handler',
        path: 'Resources/UploadAsset/Properties/Handler',
        value: 'upload-assets.handler',
      },
      { mistake: 'a function that nobody deploys', path: 'Resources/GetHealth' },
    ],
    faults: (template) => {
      const functions = resourcesOf(template, 'AWS::Lambda::Function').map(({ id, properties }) => ({
        id,
        folder: String(at(properties, 'Code', 'S3Key')),
        handler: String(at(properties, 'Handler')),
      }));
      const built = new Map(functionNames().map((name) => [`dist/${name}/`, `${name}.handler`]));
      return [
        ...functions
          .filter(({ folder, handler }) => built.get(folder) !== handler)
          .map(({ id, folder, handler }) => `${id}: the build makes no ${handler} in ${folder}.`),
        ...[...built.keys()]
          .filter((folder) => !functions.some((deployed) => deployed.folder === folder))
          .map((folder) => `${folder} is built but not deployed.`),
      ];
    },
  },
  {
    name: 'functions get exactly the environment that lib/config.ts reads',
    mistakes: [
      { mistake: 'a forgotten setting', path: 'Globals/Function/Environment/Variables/SETTLE_SECONDS' },
      {
        mistake: 'a setting that nobody reads',
        path: 'Resources/UploadAsset/Properties/Environment',
        value: { Variables: { SETTLE_MINUTES: 2 } },
      },
    ],
    faults: (template) => {
      const wanted = [...Object.keys(configSchema.shape), ...environmentOfOthers];
      return resourcesOf(template, 'AWS::Lambda::Function').flatMap(({ id, properties }) => {
        const given = Object.keys(at(properties, 'Environment', 'Variables') ?? {});
        return [
          ...wanted.filter((key) => !given.includes(key)).map((key) => `${id} does not get ${key}.`),
          ...given
            .filter((key) => !wanted.includes(key))
            .map((key) => `${id} gets ${key}, which nobody reads.`),
        ];
      });
    },
  },
  {
    name: 'every function has a log group of its own that forgets',
    mistakes: [
      {
        mistake: 'the log group that Lambda makes by itself',
        path: 'Resources/UploadAsset/Properties/LoggingConfig/LogGroup',
      },
      {
        mistake: 'logs that are kept for ever',
        path: 'Resources/UploadAssetLogGroup/Properties/RetentionInDays',
      },
      {
        mistake: "another function's log group",
        path: 'Resources/UploadAsset/Properties/LoggingConfig/LogGroup',
        value: { Ref: 'PollProcessingLogGroup' },
      },
    ],
    faults: (template) => {
      const functions = resourcesOf(template, 'AWS::Lambda::Function').map(({ id, properties }) => ({
        id,
        group: target(at(properties, 'LoggingConfig', 'LogGroup')) ?? '',
      }));
      return functions.flatMap(({ id, group }) => {
        const shared = functions.some((other) => other.id !== id && other.group === group);
        const forgets = at(template.Resources[group]?.Properties, 'RetentionInDays') !== undefined;
        return shared || !forgets ? [`${id} has no log group of its own with a retention.`] : [];
      });
    },
  },
  {
    // Lambda takes a line without a level, such as a metric, for INFO and drops it above that level.
    name: 'functions are traced and log JSON that Lambda does not filter',
    mistakes: [
      {
        mistake: 'a filter that drops metrics',
        path: 'Globals/Function/LoggingConfig/ApplicationLogLevel',
        value: { Ref: 'LogLevel' },
      },
      { mistake: 'no tracing', path: 'Globals/Function/Tracing' },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::Lambda::Function')
        .filter(
          ({ properties }) =>
            at(properties, 'TracingConfig', 'Mode') !== 'Active' ||
            at(properties, 'LoggingConfig', 'LogFormat') !== 'JSON' ||
            at(properties, 'LoggingConfig', 'ApplicationLogLevel') !== 'DEBUG',
        )
        .map(({ id }) => `${id} cannot be watched.`),
  },
  {
    name: 'only the signed door and the health check are open to strangers',
    mistakes: [
      {
        mistake: "an operators' route without an authorizer",
        path: 'Resources/GetAsset/Properties/Events/Http/Properties/Auth/Authorizer',
        value: 'NONE',
      },
      {
        mistake: 'a new open route',
        path: 'Resources/GetHealth/Properties/Events/Http/Properties/Path',
        value: '/state',
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::ApiGatewayV2::Route').flatMap(({ id, properties }) => {
        const isOpen = openRoutes.includes(String(at(properties, 'RouteKey')));
        const wanted = isOpen ? 'NONE' : 'AWS_IAM';
        return at(properties, 'AuthorizationType') === wanted
          ? []
          : [`${id} must have the authorizer ${wanted}.`];
      }),
  },
  {
    name: 'the door is throttled and keeps an access log',
    mistakes: [
      { mistake: 'no throttle', path: 'Resources/Api/Properties/DefaultRouteSettings' },
      { mistake: 'no access log', path: 'Resources/Api/Properties/AccessLogSettings' },
      {
        mistake: 'a burst that is less than what may come in a second',
        path: 'Parameters/ApiRequestBurst/Default',
        value: 50,
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::ApiGatewayV2::Stage')
        .filter(({ properties }) => {
          const rate = setting(template, at(properties, 'DefaultRouteSettings', 'ThrottlingRateLimit'));
          const burst = setting(template, at(properties, 'DefaultRouteSettings', 'ThrottlingBurstLimit'));
          const isLogged = at(properties, 'AccessLogSettings', 'DestinationArn') !== undefined;
          return !(rate > 0 && burst >= rate && isLogged);
        })
        .map(({ id }) => `${id} lets everything pass, nothing at once, or nobody know.`),
  },
  {
    // A throttled invocation of a message counts as one of its tries.
    name: 'no function has a concurrency of its own beside its mapping',
    mistakes: [
      {
        mistake: 'reserved concurrency',
        path: 'Resources/UploadAsset/Properties/ReservedConcurrentExecutions',
        value: 5,
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::Lambda::Function')
        .filter(({ properties }) => at(properties, 'ReservedConcurrentExecutions') !== undefined)
        .map(({ id }) => `${id} is throttled after its messages were received.`),
  },
  {
    name: 'a function behind a route answers before API Gateway gives up',
    mistakes: [{ mistake: 'a long timeout', path: 'Resources/ReceiveEvent/Properties/Timeout', value: 30 }],
    faults: (template) => {
      const behindRoutes = new Set(
        resourcesOf(template, 'AWS::ApiGatewayV2::Integration').map(({ properties }) =>
          target(at(properties, 'IntegrationUri')),
        ),
      );
      return resourcesOf(template, 'AWS::Lambda::Function')
        .filter(({ id }) => behindRoutes.has(id))
        .filter(({ properties }) => amount(at(properties, 'Timeout'), 3) > longestAnswerSeconds)
        .map(({ id }) => `${id} may take longer than its caller waits.`);
    },
  },
];
