import { everyOne } from './every-one.ts';
import { at, list, resourcesOf, target, type NamedResource, type Rule } from './rule.ts';

const retained = ({ attributes }: NamedResource): boolean =>
  at(attributes, 'DeletionPolicy') === 'Retain' && at(attributes, 'UpdateReplacePolicy') === 'Retain';

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
        list(at(properties, 'BucketEncryption', 'ServerSideEncryptionConfiguration')).some((encryption) =>
          ['AES256', 'aws:kms'].includes(
            String(at(encryption, 'ServerSideEncryptionByDefault', 'SSEAlgorithm')),
          ),
        ),
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
      {
        mistake: 'encryption with nothing',
        path: 'Resources/StagingBucket/Properties/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault',
      },
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
        hasLifecycle(bucket, (lifecycle) =>
          at(lifecycle, 'Prefix') === 'manifests/'
            ? at(lifecycle, 'ExpirationInDays') === 30
            : at(lifecycle, 'Prefix') === 'staged/' &&
              target(at(lifecycle, 'ExpirationInDays')) === 'StagedFileDays',
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
        mistake: 'manifests that stay for ever',
        path: 'Resources/InboxBucket/Properties/LifecycleConfiguration/Rules/0',
      },
      {
        mistake: 'files that are kept as long as nobody said',
        path: 'Resources/StagingBucket/Properties/LifecycleConfiguration/Rules/0/ExpirationInDays',
        value: 365,
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
      {
        mistake: 'a policy for the bucket that forgets its objects',
        path: 'Resources/StagingBucketPolicy/Properties/PolicyDocument/Statement/0/Resource/1',
      },
      {
        mistake: 'a policy that denies nothing',
        path: 'Resources/QueuePolicy/Properties/PolicyDocument/Statement/0/Effect',
        value: 'Allow',
      },
      {
        mistake: 'a policy that denies what is over TLS',
        path: 'Resources/QueuePolicy/Properties/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport',
        value: 'true',
      },
    ],
    faults: (template) => {
      const denials = (
        type: string,
        action: string,
      ): { properties: NamedResource['properties']; of: unknown }[] =>
        resourcesOf(template, type).flatMap(({ properties }) =>
          list(at(properties, 'PolicyDocument', 'Statement'))
            .filter(
              (statement) =>
                at(statement, 'Effect') === 'Deny' &&
                at(statement, 'Principal') === '*' &&
                at(statement, 'Action') === action &&
                at(statement, 'Condition', 'Bool', 'aws:SecureTransport') === 'false',
            )
            .map((statement) => ({ properties, of: at(statement, 'Resource') })),
        );
      const buckets = denials('AWS::S3::BucketPolicy', 's3:*').flatMap(({ properties, of }) => {
        const id = target(at(properties, 'Bucket')) ?? '';
        const named = JSON.stringify(list(of));
        const isWhole = named.includes(`{"Fn::GetAtt":"${id}.Arn"}`) && named.includes(`"\${${id}.Arn}/*"`);
        return isWhole ? [id] : [];
      });
      const queues = denials('AWS::SQS::QueuePolicy', 'sqs:*').flatMap(({ properties, of }) =>
        of === '*' ? list(at(properties, 'Queues')).map(target) : [],
      );
      const covered = new Set([...buckets, ...queues]);
      return [...resourcesOf(template, 'AWS::S3::Bucket'), ...resourcesOf(template, 'AWS::SQS::Queue')]
        .filter(({ id }) => !covered.has(id))
        .map(({ id }) => `${id} answers over plain HTTP.`);
    },
  },
];
