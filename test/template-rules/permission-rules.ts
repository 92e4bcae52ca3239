import type { CloudFormationTemplate } from '../sam-template.ts';
import { mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, textOf, type Rule } from './rule.ts';

interface Grant {
  readonly role: string;
  readonly statement: unknown;
}

/** What the functions may do. */
function grantsOf(template: CloudFormationTemplate): Grant[] {
  return resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) =>
    list(at(properties, 'Policies'))
      .flatMap((policy) => list(at(policy, 'PolicyDocument', 'Statement')))
      // What is granted under a condition is granted.
      .flatMap((statement) => {
        const branches = list(at(statement, 'Fn::If')).slice(1);
        return branches.length === 0
          ? [statement]
          : branches.filter((branch) => target(branch) !== 'AWS::NoValue');
      })
      .map((statement) => ({ role: id, statement })),
  );
}

/** Roles of functions that read the given secret. */
export function readersOf(template: CloudFormationTemplate, parameter: string): Set<string> {
  const readers = grantsOf(template).filter(
    ({ statement }) =>
      list(at(statement, 'Action')).includes('secretsmanager:GetSecretValue') &&
      list(at(statement, 'Resource')).some((resource) => target(resource) === parameter),
  );
  return new Set(readers.map(({ role }) => role));
}

/** Roles of functions that write what strangers serve into the bucket. */
function stagersOf(template: CloudFormationTemplate): string[] {
  return grantsOf(template)
    .filter(({ statement }) => list(at(statement, 'Action')).includes('s3:PutObject'))
    .filter(({ statement }) => isOfStagedFiles(statement))
    .map(({ role }) => role);
}

/** Whether a statement is about files on their way, and not about manifests and what is noted of them. */
export function isOfStagedFiles(statement: unknown): boolean {
  return list(at(statement, 'Resource')).some((resource) => textOf(resource)?.includes('/staged/') === true);
}

/** Behind routes for operators only, and so for nobody who has not signed in to AWS. */
const operators = new Set(['PlanRowsRole']);

/** Behind a queue, but a door like those behind routes: they take what others put in, for a source. */
const doors = new Set(['ImportManifestRole']);

function rolesOfConsumers(template: CloudFormationTemplate): Set<string | undefined> {
  return new Set(mappingsOf(template).map(({ consumer }) => target(at(consumer, 'Role'))));
}

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
  {
    name: "only functions that talk to Showpad can read Showpad's secret",
    mistakes: [
      {
        mistake: "Showpad's secret behind the open door",
        path: 'Resources/ReceiveEventRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource',
        value: [{ Ref: 'SourcesSecretArn' }, { Ref: 'ShowpadSecretArn' }],
      },
    ],
    faults: (template) => {
      const consumers = rolesOfConsumers(template);
      return [...readersOf(template, 'ShowpadSecretArn')]
        .filter((role) => !consumers.has(role) && !operators.has(role))
        .map((role) => `${role} can read Showpad's secret from behind an open route.`);
    },
  },
  {
    name: "functions that read Showpad's secret may share its access token through the table",
    mistakes: [
      {
        mistake: 'a worker that cannot store a renewed token',
        path: 'Resources/PollProcessingRole/Properties/Policies/0/PolicyDocument/Statement/4/Action',
        value: ['dynamodb:GetItem', 'dynamodb:Query'],
      },
    ],
    faults: (template) => {
      const grants = grantsOf(template);
      const mayDo = (role: string, action: string): boolean =>
        grants.some(
          ({ role: holder, statement }) =>
            holder === role &&
            list(at(statement, 'Action')).includes(action) &&
            list(at(statement, 'Resource')).some((resource) => target(resource) === 'Table'),
        );
      return [...readersOf(template, 'ShowpadSecretArn')].flatMap((role) =>
        ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']
          .filter((action) => !mayDo(role, action))
          .map((action) => `${role} needs ${action} for the access token.`),
      );
    },
  },
  {
    name: "only doors can read the sources' secret",
    mistakes: [
      {
        mistake: "the sources' secret in a worker",
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/3/Resource',
        value: { Ref: 'SourcesSecretArn' },
      },
    ],
    faults: (template) => {
      const consumers = rolesOfConsumers(template);
      return [...readersOf(template, 'SourcesSecretArn')]
        .filter((role) => consumers.has(role) && !doors.has(role))
        .map((role) => `${role} can read the sources' secret from a worker.`);
    },
  },
  {
    name: "a function that fetches strangers' files holds no secret of Showpad or of a signature",
    mistakes: [
      {
        mistake: "Showpad's secret beside strangers' files",
        path: 'Resources/StageBinaryRole/Properties/Policies/0/PolicyDocument/Statement/9',
        value: {
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: { Ref: 'ShowpadSecretArn' },
        },
      },
      {
        mistake: "the sources' signing secrets beside strangers' files, under a condition",
        path: 'Resources/StageBinaryRole/Properties/Policies/0/PolicyDocument/Statement/6/Fn::If/1/Resource',
        value: [{ Ref: 'SourceCredentialsSecretArn' }, { Ref: 'SourcesSecretArn' }],
      },
    ],
    faults: (template) => {
      const readers = new Set([
        ...readersOf(template, 'ShowpadSecretArn'),
        ...readersOf(template, 'SourcesSecretArn'),
      ]);
      return stagersOf(template)
        .filter((role) => readers.has(role))
        .map((role) => `${role} stages strangers' files and can read a secret.`);
    },
  },
  {
    name: "only the function that asks sources for their files can read the sources' credentials",
    mistakes: [
      {
        mistake: "the sources' credentials behind the open door",
        path: 'Resources/ReceiveEventRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource',
        value: [{ Ref: 'SourcesSecretArn' }, { Ref: 'SourceCredentialsSecretArn' }],
      },
      {
        mistake: "the sources' credentials in another worker",
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/3/Resource',
        value: [{ Ref: 'ShowpadSecretArn' }, { Ref: 'SourceCredentialsSecretArn' }],
      },
      {
        mistake: 'a change of the credentials',
        path: 'Resources/StageBinaryRole/Properties/Policies/0/PolicyDocument/Statement/6/Fn::If/1/Action',
        value: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      },
    ],
    faults: (template) => {
      const stagers = stagersOf(template);
      const writers = grantsOf(template).filter(
        ({ role, statement }) =>
          stagers.includes(role) &&
          list(at(statement, 'Action')).some(
            (action) =>
              String(action).startsWith('secretsmanager:') && action !== 'secretsmanager:GetSecretValue',
          ),
      );
      return [
        ...[...readersOf(template, 'SourceCredentialsSecretArn')]
          .filter((role) => !stagers.includes(role))
          .map((role) => `${role} can read the sources' credentials and stages no file.`),
        ...writers.map(({ role }) => `${role} may do more with a secret than read it.`),
      ];
    },
  },
];
