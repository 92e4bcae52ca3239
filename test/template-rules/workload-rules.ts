import type { CloudFormationTemplate } from '../sam-template.ts';
import { isOfStagedFiles } from './grants.ts';
import { mappingsOf } from './queue-rules.ts';
import { amount, at, list, resourcesOf, target, type NamedResource, type Rule } from './rule.ts';

/** Functions whose roles let them read or write whole files. */
function moversOf(template: CloudFormationTemplate): NamedResource[] {
  return resourcesOf(template, 'AWS::Lambda::Function').filter(({ properties }) => {
    const role = template.Resources[target(at(properties, 'Role')) ?? ''];
    return list(at(role?.Properties, 'Policies'))
      .flatMap((policy) => list(at(policy, 'PolicyDocument', 'Statement')))
      .filter(isOfStagedFiles)
      .flatMap((statement) => list(at(statement, 'Action')))
      .some((action) => action === 's3:GetObject' || action === 's3:PutObject');
  });
}

const leastMebibytesForFile = 128;

export const workloadRules: readonly Rule[] = [
  {
    name: 'every function is invoked by a queue, a route or a clock',
    mistakes: [
      { mistake: 'a door that leads nowhere', path: 'Resources/GetAsset/Properties/Events/Http' },
      { mistake: 'a sweeper that is never called', path: 'Resources/Sweep/Properties/Events/Clock' },
    ],
    faults: (template) => {
      const invoked = new Set(
        [
          ...resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(({ properties }) =>
            at(properties, 'FunctionName'),
          ),
          ...resourcesOf(template, 'AWS::ApiGatewayV2::Integration').map(({ properties }) =>
            at(properties, 'IntegrationUri'),
          ),
          ...resourcesOf(template, 'AWS::Events::Rule').flatMap(({ properties }) =>
            list(at(properties, 'Targets')).map((one) => at(one, 'Arn')),
          ),
        ].map(target),
      );
      return resourcesOf(template, 'AWS::Lambda::Function')
        .filter(({ id }) => !invoked.has(id))
        .map(({ id }) => `Nothing invokes ${id}.`);
    },
  },
  {
    name: 'what moves files moves few at a time, and has all the time that there is',
    mistakes: [
      { mistake: 'the default time-out', path: 'Resources/UploadAsset/Properties/Timeout' },
      { mistake: 'too little memory', path: 'Resources/StageBinary/Properties/MemorySize', value: 128 },
      {
        mistake: 'as many files in an invocation as SQS gives by default',
        path: 'Resources/UploadPersonalFile/Properties/Events/Messages/Properties/BatchSize',
      },
    ],
    faults: (template) =>
      moversOf(template).flatMap(({ id, properties }) => {
        const mapping = mappingsOf(template).find(
          ({ settings }) => target(at(settings, 'FunctionName')) === id,
        );
        const memory = amount(at(properties, 'MemorySize'), 128);
        return [
          ...(amount(at(properties, 'Timeout'), 3) === 900
            ? []
            : [`${id} is ended before a file can be moved.`]),
          ...(memory >= 512 ? [] : [`${id} moves files too slowly.`]),
          ...(amount(at(mapping?.settings, 'BatchSize'), 10) * leastMebibytesForFile <= memory
            ? []
            : [`${id} moves too many files in one invocation.`]),
        ];
      }),
  },
];
