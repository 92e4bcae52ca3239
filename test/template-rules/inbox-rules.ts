import type { CloudFormationTemplate } from '../sam-template.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

/** The policies that let S3 send to a queue, and for buckets of this account only. */
function policiesFor(template: CloudFormationTemplate, queueId: string | undefined): string[] {
  return resourcesOf(template, 'AWS::SQS::QueuePolicy')
    .filter(({ properties }) => list(at(properties, 'Queues')).some((queue) => target(queue) === queueId))
    .filter(({ properties }) =>
      list(at(properties, 'PolicyDocument', 'Statement')).some(
        (statement) =>
          at(statement, 'Effect') === 'Allow' &&
          at(statement, 'Principal', 'Service') === 's3.amazonaws.com' &&
          list(at(statement, 'Action')).join() === 'sqs:SendMessage' &&
          target(at(statement, 'Resource')) === queueId &&
          target(at(statement, 'Condition', 'StringEquals', 'aws:SourceAccount')) === 'AWS::AccountId',
      ),
    )
    .map(({ id }) => id);
}

const statement = 'Resources/ManifestQueuePolicy/Properties/PolicyDocument/Statement/1';
const notifications = 'Resources/InboxBucket/Properties/NotificationConfiguration/QueueConfigurations';
const lifecycles = 'Resources/InboxBucket/Properties/LifecycleConfiguration/Rules';

/** Which queue hears of what, below which prefix. */
const wanted: readonly string[] = [
  's3:ObjectCreated:* manifests/ ManifestQueue',
  's3:ObjectCreated:* inbox/ InboxQueue',
  's3:ObjectRemoved:* inbox/ InboxQueue',
];

export const inboxRules: readonly Rule[] = [
  {
    name: 'S3 may tell a queue of what comes into a bucket, and only of buckets of this account',
    mistakes: [
      { mistake: 'no policy', path: 'Resources/ManifestQueuePolicy' },
      { mistake: 'a statement that denies it', path: `${statement}/Effect`, value: 'Deny' },
      { mistake: "anybody's buckets", path: `${statement}/Condition/StringEquals` },
      { mistake: 'everything that can be done with a queue', path: `${statement}/Action`, value: 'sqs:*' },
      { mistake: 'a bucket that is made before its policies', path: 'Resources/InboxBucket/DependsOn' },
      { mistake: 'a bucket that is made before one of them', path: 'Resources/InboxBucket/DependsOn/1' },
      {
        mistake: 'a queue that nobody lets S3 send to',
        path: `${notifications}/0/Queue`,
        value: { 'Fn::GetAtt': 'StageQueue.Arn' },
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::S3::Bucket').flatMap(({ id, properties, attributes }) =>
        list(at(properties, 'NotificationConfiguration', 'QueueConfigurations')).flatMap((configuration) => {
          const queueId = target(at(configuration, 'Queue'));
          const policies = policiesFor(template, queueId);
          if (policies.length === 0) return [`S3 may not tell ${queueId ?? 'a queue'} of ${id}.`];
          const isInTime = list(attributes['DependsOn']).some((one) => policies.includes(String(one)));
          return isInTime ? [] : [`${id} may be made before S3 may tell of it.`];
        }),
      ),
  },
  {
    name: 'manifests and files that come into the inbox are told of, files that go too, and nothing else is',
    mistakes: [
      {
        mistake: 'no notification',
        path: 'Resources/InboxBucket/Properties/NotificationConfiguration',
      },
      { mistake: 'what an import writes itself', path: `${notifications}/0/Filter` },
      { mistake: 'files that nobody hears of', path: `${notifications}/1` },
      { mistake: 'files that go without a word', path: `${notifications}/2` },
      {
        mistake: 'files that stand before the turns of imports',
        path: `${notifications}/1/Queue`,
        value: { 'Fn::GetAtt': 'ManifestQueue.Arn' },
      },
      { mistake: 'copies of files alone', path: `${notifications}/1/Event`, value: 's3:ObjectCreated:Copy' },
    ],
    faults: (template) => {
      const inbox = template.Resources['InboxBucket']?.Properties;
      const told = list(at(inbox, 'NotificationConfiguration', 'QueueConfigurations')).map((one) =>
        [at(one, 'Event'), at(one, 'Filter', 'S3Key', 'Rules', 0, 'Value'), target(at(one, 'Queue'))].join(
          ' ',
        ),
      );
      const isRight = told.length === wanted.length && wanted.every((one) => told.includes(one));
      return isRight ? [] : ['The inbox tells of something else than manifests and files, or to others.'];
    },
  },
  {
    // S3 tells of an object that expires by another event, and its asset would stay as it is.
    name: 'files in the inbox never go by themselves',
    mistakes: [
      { mistake: 'all files', path: `${lifecycles}/1/Prefix` },
      { mistake: 'those of the inbox', path: `${lifecycles}/1/Prefix`, value: 'inbox/demo/' },
      { mistake: 'those whose keys begin so', path: `${lifecycles}/1/Prefix`, value: 'i' },
    ],
    faults: (template) =>
      list(at(template.Resources['InboxBucket']?.Properties, 'LifecycleConfiguration', 'Rules'))
        .filter((rule) => at(rule, 'ExpirationInDays') !== undefined)
        .map((rule) => at(rule, 'Prefix') ?? '')
        .filter((prefix) => typeof prefix === 'string')
        .filter((prefix) => 'inbox/'.startsWith(prefix) || prefix.startsWith('inbox/'))
        .map((prefix) => `Files below “${prefix}” expire, and with them files of the inbox.`),
  },
];
