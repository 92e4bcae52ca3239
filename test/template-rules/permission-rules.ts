import type { CloudFormationTemplate } from '../sam-template.ts';
import { mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

interface Grant {
  readonly role: string;
  readonly statement: unknown;
}

/** What the functions may do, beside the policies that SAM adds. */
function grantsOf(template: CloudFormationTemplate): Grant[] {
  return resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) =>
    list(at(properties, 'Policies'))
      .flatMap((policy) => list(at(policy, 'PolicyDocument', 'Statement')))
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

function rolesOfConsumers(template: CloudFormationTemplate): Set<string | undefined> {
  return new Set(mappingsOf(template).map(({ consumer }) => target(at(consumer, 'Role'))));
}

/** A whole resource by its ARN, or everything below a named part of it. */
function isSpecific(resource: unknown): boolean {
  if (target(resource) === undefined) return false;
  const text = at(resource, 'Fn::Sub');
  return typeof text !== 'string' || /^\$\{\w+\.Arn\}(\/[\w-]+)+(\/\*)?$/.test(text);
}

const managedBySam = [
  'service-role/AWSLambdaBasicExecutionRole',
  'service-role/AWSLambdaSQSQueueExecutionRole',
  'AWSXRayDaemonWriteAccess',
];

export const permissionRules: readonly Rule[] = [
  {
    name: 'functions are allowed single actions only',
    mistakes: [
      {
        mistake: 'every action of a service',
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/1/Action',
        value: 'dynamodb:*',
      },
      {
        mistake: 'every reading action',
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/1/Action/0',
        value: 'dynamodb:Get*',
      },
      {
        mistake: 'everything but one action',
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/1/NotAction',
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
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/2/Resource',
        value: '*',
      },
      {
        mistake: 'every object of the bucket',
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/3/Resource',
        value: { 'Fn::Sub': '${StagingBucket.Arn}/*' },
      },
      {
        mistake: 'a pattern of ARNs',
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/3/Resource/0',
        value: { 'Fn::Sub': 'arn:aws:sqs:*:${AWS::AccountId}:*' },
      },
    ],
    faults: (template) =>
      grantsOf(template).flatMap(({ role, statement }) => {
        const resources = list(at(statement, 'Resource'));
        return resources.length > 0 && resources.every(isSpecific)
          ? []
          : [`${role} reaches ${JSON.stringify(resources)}.`];
      }),
  },
  {
    name: 'functions have no managed policies but those that SAM gives them',
    mistakes: [
      {
        mistake: 'an administrator',
        path: 'Resources/UploadAsset/Properties/Policies/1',
        value: 'arn:aws:iam::aws:policy/AdministratorAccess',
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::IAM::Role').flatMap(({ id, properties }) =>
        list(at(properties, 'ManagedPolicyArns'))
          .filter(
            (arn) => !managedBySam.some((name) => String(at(arn, 'Fn::Sub')).endsWith(`:policy/${name}`)),
          )
          .map((arn) => `${id} has the managed policy ${JSON.stringify(arn)}.`),
      ),
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
        path: 'Resources/ReceiveEvent/Properties/Policies/0/Statement/0/Resource',
        value: [{ Ref: 'SourcesSecretArn' }, { Ref: 'ShowpadSecretArn' }],
      },
    ],
    faults: (template) => {
      const consumers = rolesOfConsumers(template);
      return [...readersOf(template, 'ShowpadSecretArn')]
        .filter((role) => !consumers.has(role))
        .map((role) => `${role} can read Showpad's secret from behind an open route.`);
    },
  },
  {
    name: "functions that read Showpad's secret may share its access token through the table",
    mistakes: [
      {
        mistake: 'a worker that cannot store a renewed token',
        path: 'Resources/PollProcessing/Properties/Policies/0/Statement/1/Action',
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
    name: "only functions behind routes can read the sources' secret",
    mistakes: [
      {
        mistake: "the sources' secret in a worker",
        path: 'Resources/UploadAsset/Properties/Policies/0/Statement/0/Resource',
        value: { Ref: 'SourcesSecretArn' },
      },
    ],
    faults: (template) => {
      const consumers = rolesOfConsumers(template);
      return [...readersOf(template, 'SourcesSecretArn')]
        .filter((role) => consumers.has(role))
        .map((role) => `${role} can read the sources' secret from a worker.`);
    },
  },
  {
    name: "a function that fetches strangers' files holds no secret",
    mistakes: [
      {
        mistake: "Showpad's secret beside strangers' files",
        path: 'Resources/StageBinary/Properties/Policies/0/Statement/4',
        value: {
          Effect: 'Allow',
          Action: 'secretsmanager:GetSecretValue',
          Resource: { Ref: 'ShowpadSecretArn' },
        },
      },
    ],
    faults: (template) => {
      const readers = new Set([
        ...readersOf(template, 'ShowpadSecretArn'),
        ...readersOf(template, 'SourcesSecretArn'),
      ]);
      return grantsOf(template)
        .filter(({ statement }) => list(at(statement, 'Action')).includes('s3:PutObject'))
        .filter(({ role }) => readers.has(role))
        .map(({ role }) => `${role} stages strangers' files and can read a secret.`);
    },
  },
];
