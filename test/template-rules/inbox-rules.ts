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

export const inboxRules: readonly Rule[] = [
  {
    name: 'S3 may tell a queue of what comes into a bucket, and only of buckets of this account',
    mistakes: [
      { mistake: 'no policy', path: 'Resources/ManifestQueuePolicy' },
      { mistake: 'a statement that denies it', path: `${statement}/Effect`, value: 'Deny' },
      { mistake: "anybody's buckets", path: `${statement}/Condition/StringEquals` },
      { mistake: 'everything that can be done with a queue', path: `${statement}/Action`, value: 'sqs:*' },
      { mistake: 'a bucket that is made before its policy', path: 'Resources/InboxBucket/DependsOn' },
      {
        mistake: 'a queue that nobody lets S3 send to',
        path: 'Resources/InboxBucket/Properties/NotificationConfiguration/QueueConfigurations/0/Queue',
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
    name: 'manifests that come into the inbox are told of, and nothing else is',
    mistakes: [
      {
        mistake: 'no notification',
        path: 'Resources/InboxBucket/Properties/NotificationConfiguration',
      },
      {
        mistake: 'what an import writes itself',
        path: 'Resources/InboxBucket/Properties/NotificationConfiguration/QueueConfigurations/0/Filter',
      },
    ],
    faults: (template) => {
      const inbox = template.Resources['InboxBucket']?.Properties;
      const prefixes = list(at(inbox, 'NotificationConfiguration', 'QueueConfigurations')).map((one) =>
        at(one, 'Filter', 'S3Key', 'Rules', 0, 'Value'),
      );
      return prefixes.join() === 'manifests/' ? [] : ['The inbox tells of something else than manifests.'];
    },
  },
];
