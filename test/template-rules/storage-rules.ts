import { at, list, resourcesOf, target, type NamedResource, type Rule } from './rule.ts';

const retained = ({ attributes }: NamedResource): boolean =>
  at(attributes, 'DeletionPolicy') === 'Retain' && at(attributes, 'UpdateReplacePolicy') === 'Retain';

/** A rule about every resource of one type: each demand that is not met is a fault. */
function everyOne(
  name: string,
  type: string,
  demands: Readonly<Record<string, (resource: NamedResource) => boolean>>,
  mistakes: Rule['mistakes'],
): Rule {
  return {
    name,
    mistakes,
    faults: (template) =>
      resourcesOf(template, type).flatMap((resource) =>
        Object.entries(demands)
          .filter(([, isMet]) => !isMet(resource))
          .map(([demand]) => `${resource.id}: ${demand}.`),
      ),
  };
}

const hasLifecycle = ({ properties }: NamedResource, isWanted: (lifecycle: unknown) => boolean): boolean =>
  list(at(properties, 'LifecycleConfiguration', 'Rules')).some(
    (lifecycle) => at(lifecycle, 'Status') === 'Enabled' && isWanted(lifecycle),
  );

export const storageRules: readonly Rule[] = [
  everyOne(
    'the table survives mistakes',
    'AWS::DynamoDB::Table',
    {
      'is not kept when the stack goes': retained,
      'can be deleted': ({ properties }) => at(properties, 'DeletionProtectionEnabled') === true,
      'cannot be restored to an earlier time': ({ properties }) =>
        at(properties, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled') === true,
    },
    [
      { mistake: 'a table that goes with the stack', path: 'Resources/Table/DeletionPolicy' },
      {
        mistake: 'a table that goes when it is replaced',
        path: 'Resources/Table/UpdateReplacePolicy',
        value: 'Delete',
      },
      { mistake: 'no deletion protection', path: 'Resources/Table/Properties/DeletionProtectionEnabled' },
      {
        mistake: 'no point in time recovery',
        path: 'Resources/Table/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled',
        value: false,
      },
    ],
  ),
  everyOne(
    'the table is encrypted and forgets what has expired',
    'AWS::DynamoDB::Table',
    {
      'is not encrypted with a key of the account': ({ properties }) =>
        at(properties, 'SSESpecification', 'SSEEnabled') === true,
      'keeps expired items': ({ properties }) =>
        at(properties, 'TimeToLiveSpecification', 'Enabled') === true &&
        at(properties, 'TimeToLiveSpecification', 'AttributeName') === 'expiresAt',
    },
    [
      {
        mistake: 'an attribute that nothing writes',
        path: 'Resources/Table/Properties/TimeToLiveSpecification/AttributeName',
        value: 'ttl',
      },
      { mistake: 'no encryption', path: 'Resources/Table/Properties/SSESpecification' },
    ],
  ),
  everyOne(
    'buckets are private and encrypted, and stay when the stack goes',
    'AWS::S3::Bucket',
    {
      'is not kept when the stack goes': retained,
      'is not encrypted': ({ properties }) =>
        list(at(properties, 'BucketEncryption', 'ServerSideEncryptionConfiguration')).length > 0,
      'has access control lists': ({ properties }) =>
        at(properties, 'OwnershipControls', 'Rules', 0, 'ObjectOwnership') === 'BucketOwnerEnforced',
      'can be made public': ({ properties }) =>
        ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].every(
          (key) => at(properties, 'PublicAccessBlockConfiguration', key) === true,
        ),
    },
    [
      {
        mistake: 'one of the four public access blocks gone',
        path: 'Resources/StagingBucket/Properties/PublicAccessBlockConfiguration/IgnorePublicAcls',
      },
      { mistake: 'no encryption', path: 'Resources/StagingBucket/Properties/BucketEncryption' },
      { mistake: 'access control lists', path: 'Resources/StagingBucket/Properties/OwnershipControls' },
      {
        mistake: 'a bucket that goes with the stack',
        path: 'Resources/StagingBucket/DeletionPolicy',
        value: 'Delete',
      },
    ],
  ),
  everyOne(
    'what is left in a bucket goes away by itself',
    'AWS::S3::Bucket',
    {
      'keeps forgotten files': (bucket) =>
        hasLifecycle(
          bucket,
          (lifecycle) =>
            ['staged/', 'manifests/'].includes(String(at(lifecycle, 'Prefix'))) &&
            at(lifecycle, 'ExpirationInDays') !== undefined,
        ),
      'keeps the parts of unfinished uploads': (bucket) =>
        hasLifecycle(
          bucket,
          (lifecycle) => at(lifecycle, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation') === 1,
        ),
    },
    [
      {
        mistake: 'a rule that is switched off',
        path: 'Resources/StagingBucket/Properties/LifecycleConfiguration/Rules/0/Status',
        value: 'Disabled',
      },
      {
        mistake: 'no end for unfinished uploads',
        path: 'Resources/StagingBucket/Properties/LifecycleConfiguration/Rules/1',
      },
    ],
  ),
  {
    name: 'buckets and queues are reached over TLS only',
    mistakes: [
      { mistake: 'a queue that the policy forgets', path: 'Resources/QueuePolicy/Properties/Queues/7' },
      { mistake: 'a bucket without a policy', path: 'Resources/StagingBucketPolicy' },
    ],
    faults: (template) => {
      const policies = [
        ...resourcesOf(template, 'AWS::S3::BucketPolicy'),
        ...resourcesOf(template, 'AWS::SQS::QueuePolicy'),
      ].filter(({ properties }) =>
        list(at(properties, 'PolicyDocument', 'Statement')).some(
          (statement) =>
            at(statement, 'Effect') === 'Deny' &&
            at(statement, 'Principal') === '*' &&
            ['s3:*', 'sqs:*'].includes(String(at(statement, 'Action'))) &&
            at(statement, 'Condition', 'Bool', 'aws:SecureTransport') === 'false',
        ),
      );
      const covered = new Set(
        policies.flatMap(({ properties }) =>
          [at(properties, 'Bucket'), ...list(at(properties, 'Queues'))].map(target),
        ),
      );
      return [...resourcesOf(template, 'AWS::S3::Bucket'), ...resourcesOf(template, 'AWS::SQS::Queue')]
        .filter(({ id }) => !covered.has(id))
        .map(({ id }) => `${id} answers over plain HTTP.`);
    },
  },
];
