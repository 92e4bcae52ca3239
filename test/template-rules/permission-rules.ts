import { grantsOf } from './grants.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

// X-Ray has no resources to name.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
const withoutResources = new Set(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']);

/** A whole resource by its ARN, or everything below a named part of it. */
function isSpecific(resource: unknown): boolean {
  if (target(resource) === undefined) return false;
  const text = at(resource, 'Fn::Sub');
  return typeof text !== 'string' || /^\$\{\w+\.Arn\}(\/[\w-]+)+(\/\*)?$/.test(text);
}

/** Whether Lambda may take a role with this policy, and nobody else. */
function isForLambda(policy: unknown): boolean {
  const statements = list(at(policy, 'Statement'));
  const [statement] = statements;
  return (
    statements.length === 1 &&
    at(statement, 'Effect') === 'Allow' &&
    at(statement, 'Action') === 'sts:AssumeRole' &&
    JSON.stringify(at(statement, 'Principal')) === '{"Service":"lambda.amazonaws.com"}'
  );
}

export const permissionRules: readonly Rule[] = [
  {
    name: 'functions are allowed single actions only',
    mistakes: [
      {
        mistake: 'every action of a service',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/4/Action',
        value: 'dynamodb:*',
      },
      {
        mistake: 'every reading action',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/4/Action/0',
        value: 'dynamodb:Get*',
      },
      {
        mistake: 'everything but one action',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/4/NotAction',
        value: ['dynamodb:DeleteTable'],
      },
    ],
    faults: (template) =>
      grantsOf(template).flatMap(({ role, statement }) => {
        const actions = list(at(statement, 'Action')).map(String);
        const isExact = actions.length > 0 && actions.every((action) => /^[a-z0-9]+:[A-Za-z]+$/.test(action));
        return isExact && at(statement, 'NotAction') === undefined
          ? []
          : [`${role} may do ${actions.join(', ')}.`];
      }),
  },
  {
    name: 'functions are allowed named resources only',
    mistakes: [
      {
        mistake: 'every resource',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/5/Resource',
        value: '*',
      },
      {
        mistake: 'every object of the bucket',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/6/Resource',
        value: { 'Fn::Sub': '${StagingBucket.Arn}/*' },
      },
      {
        mistake: 'a pattern of ARNs',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/5/Resource/0',
        value: { 'Fn::Sub': 'arn:aws:sqs:*:${AWS::AccountId}:*' },
      },
    ],
    faults: (template) =>
      grantsOf(template).flatMap(({ role, statement }) => {
        const resources = list(at(statement, 'Resource'));
        const needsNone = list(at(statement, 'Action')).every((action) =>
          withoutResources.has(String(action)),
        );
        return needsNone || (resources.length > 0 && resources.every(isSpecific))
          ? []
          : [`${role} reaches ${JSON.stringify(resources)}.`];
      }),
  },
  {
    name: 'every function has a role of its own, and no role a managed policy',
    mistakes: [
      {
        mistake: 'an administrator',
        path: 'Resources/UploadAssetRole/Properties/ManagedPolicyArns',
        value: ['arn:aws:iam::aws:policy/AdministratorAccess'],
      },
      {
        mistake: "another function's role",
        path: 'Resources/UploadAsset/Properties/Role',
        value: { 'Fn::GetAtt': 'PollProcessingRole.Arn' },
      },
      {
        mistake: 'a role that anybody may take',
        path: 'Resources/UploadAssetRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal',
        value: { AWS: '*' },
      },
      {
        mistake: 'a role that somebody else may take too',
        path: 'Resources/UploadAssetRole/Properties/AssumeRolePolicyDocument/Statement/1',
        value: { Effect: 'Allow', Principal: { AWS: '111111111111' }, Action: 'sts:AssumeRole' },
      },
    ],
    faults: (template) => [
      ...resourcesOf(template, 'AWS::Lambda::Function')
        .filter(({ id, properties }) => target(at(properties, 'Role')) !== `${id}Role`)
        .map(({ id }) => `${id} works under a role that is not its own.`),
      ...resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) => [
        ...(at(properties, 'ManagedPolicyArns') === undefined ? [] : [`${id} has managed policies.`]),
        ...(isForLambda(at(properties, 'AssumeRolePolicyDocument'))
          ? []
          : [`${id} can be taken by others than Lambda, or not by Lambda.`]),
      ]),
    ],
  },
  {
    name: 'only Deny statements speak of everybody',
    mistakes: [
      {
        mistake: 'a queue that takes messages from anybody',
        path: 'Resources/QueuePolicy/Properties/PolicyDocument/Statement/1',
        value: { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sqs:SendMessage', Resource: '*' },
      },
    ],
    faults: (template) =>
      ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']
        .flatMap((type) => resourcesOf(template, type))
        .filter(({ properties }) =>
          list(at(properties, 'PolicyDocument', 'Statement')).some(
            (statement) =>
              at(statement, 'Effect') !== 'Deny' && JSON.stringify(at(statement, 'Principal'))?.includes('*'),
          ),
        )
        .map(({ id }) => `${id} lets everybody in.`),
  },
];
