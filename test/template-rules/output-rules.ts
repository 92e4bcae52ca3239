import { deadLetterQueueOf, mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

/** The values of all outputs, as JSON. */
function outputsOf(template: Parameters<Rule['faults']>[0]): { id: string; value: string; told: unknown }[] {
  return Object.entries(at(template, 'Outputs') ?? {}).map(([id, output]) => ({
    id,
    value: JSON.stringify(at(output, 'Value')) ?? '',
    told: at(output, 'Description'),
  }));
}

export const outputRules: readonly Rule[] = [
  {
    name: 'whoever runs the stack finds what there is to be called, read and redriven',
    mistakes: [
      { mistake: 'no URL for events', path: 'Outputs/EventsUrl' },
      { mistake: 'a dead-letter queue that nobody can redrive', path: 'Outputs/UploadDeadLetterQueueArn' },
      {
        mistake: "another queue's ARN",
        path: 'Outputs/UploadDeadLetterQueueArn/Value',
        value: { 'Fn::GetAtt': 'StageDeadLetterQueue.Arn' },
      },
      { mistake: 'a queue that nobody can look into', path: 'Outputs/PollQueueUrl' },
      { mistake: 'a topic that nobody can subscribe to', path: 'Outputs/AlarmTopicArn' },
      { mistake: 'a sweep that nobody can call', path: 'Outputs/SweepFunctionName' },
      { mistake: 'no name of the table', path: 'Outputs/TableName' },
    ],
    faults: (template) => {
      const values = new Set(outputsOf(template).map(({ value }) => value));
      const letters = new Set(mappingsOf(template).map(deadLetterQueueOf));
      const scheduled = resourcesOf(template, 'AWS::Events::Rule').flatMap(({ properties }) =>
        list(at(properties, 'Targets')).flatMap((one) => target(at(one, 'Arn')) ?? []),
      );
      const ids = (type: string): string[] => resourcesOf(template, type).map(({ id }) => id);
      const wanted: readonly (readonly [string, object])[] = [
        ...ids('AWS::SQS::Queue').map((id) =>
          letters.has(id) ? ([id, { 'Fn::GetAtt': `${id}.Arn` }] as const) : ([id, { Ref: id }] as const),
        ),
        ...[...ids('AWS::SNS::Topic'), ...ids('AWS::DynamoDB::Table'), ...ids('AWS::S3::Bucket')].map(
          (id) => [id, { Ref: id }] as const,
        ),
        ...scheduled.map((id) => [id, { Ref: id }] as const),
        ...ids('AWS::ApiGatewayV2::Api').flatMap((id) => [
          [id, { 'Fn::GetAtt': `${id}.ApiEndpoint` }] as const,
          [`The events' route of ${id}`, { 'Fn::Sub': `\${${id}.ApiEndpoint}/events/` }] as const,
        ]),
      ];
      return wanted
        .filter(([, value]) => !values.has(JSON.stringify(value)))
        .map(([what, value]) => `${what} cannot be found: no output has the value ${JSON.stringify(value)}.`);
    },
  },
  {
    name: 'every output says what it is for',
    mistakes: [{ mistake: 'an output without a description', path: 'Outputs/TableName/Description' }],
    faults: (template) =>
      outputsOf(template)
        .filter(({ told }) => typeof told !== 'string')
        .map(({ id }) => `${id} does not say what it is for.`),
  },
];
