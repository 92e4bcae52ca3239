import { at, resourcesOf, type Rule } from './rule.ts';

/**
 * Where a type of resource has a name that nothing else in its account and region may have. A resource that is not
 * named gets a name from the stack's.
 */
const nameOf: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::CompositeAlarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::Logs::QueryDefinition': 'Name',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SSM::Parameter': 'Name',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
};
const isOwn = (name: unknown): boolean =>
  /\$\{EnvironmentName\}|\$\{AWS::StackName\}|"Ref":"AWS::StackName"/.test(JSON.stringify(name) ?? '');

export const namingRules: readonly Rule[] = [
  {
    name: 'no two environments in one account want the same name',
    mistakes: [
      {
        mistake: 'an alarm of a fixed name',
        path: 'Resources/UploadAgeAlarm/Properties/AlarmName',
        value: 'upload-asset-behind',
      },
      { mistake: 'a table of a fixed name', path: 'Resources/Table/Properties/TableName', value: 'showpad' },
      {
        mistake: 'a queue of a fixed name',
        path: 'Resources/StageQueue/Properties/QueueName',
        value: { 'Fn::Sub': 'stage-${AWS::Region}' },
      },
      {
        mistake: 'a function of a fixed name',
        path: 'Resources/Sweep/Properties/FunctionName',
        value: 'sweep',
      },
    ],
    faults: (template) =>
      Object.entries(nameOf).flatMap(([type, property]) =>
        resourcesOf(template, type)
          .filter(({ properties }) => at(properties, property) !== undefined)
          .filter(({ properties }) => !isOwn(at(properties, property)))
          .map(
            ({ id, properties }) => `${id} is called ${JSON.stringify(at(properties, property))} everywhere.`,
          ),
      ),
  },
  {
    name: 'no two environments in one account export the same output',
    mistakes: [
      {
        mistake: 'an export of a fixed name',
        path: 'Outputs/EventsUrl/Export',
        value: { Name: 'showpad-connector-events-url' },
      },
    ],
    faults: (template) =>
      Object.entries(at(template, 'Outputs') ?? {})
        .map(([id, output]) => [id, at(output, 'Export', 'Name')] as const)
        .filter(([, name]) => name !== undefined && !isOwn(name))
        .map(([id]) => `${id} is exported under the same name everywhere.`),
  },
];
