import { outcomeLooksSeconds } from '../../lib/retry-rules.ts';
import { amount, at, list, resourcesOf, target, type Rule } from './rule.ts';

// An SDK call that was just made when its function ended: three attempts of five seconds, and what the wire adds.
const lastCallSeconds = 60;

export const outcomeRules: readonly Rule[] = [
  {
    name: 'outcomes are kept encrypted, and published over TLS only',
    mistakes: [
      { mistake: 'no encryption', path: 'Resources/OutcomeTopic/Properties/KmsMasterKeyId' },
      { mistake: 'no policy', path: 'Resources/OutcomeTopicPolicy' },
      {
        mistake: 'a policy that denies something else',
        path: 'Resources/OutcomeTopicPolicy/Properties/PolicyDocument/Statement/0/Action',
        value: 'sns:Subscribe',
      },
    ],
    faults: (template) => {
      const topic = template.Resources['OutcomeTopic'];
      const isGuarded = resourcesOf(template, 'AWS::SNS::TopicPolicy').some(
        ({ properties }) =>
          list(at(properties, 'Topics')).some((one) => target(one) === 'OutcomeTopic') &&
          list(at(properties, 'PolicyDocument', 'Statement')).some(
            (statement) =>
              at(statement, 'Effect') === 'Deny' &&
              at(statement, 'Principal') === '*' &&
              list(at(statement, 'Action')).includes('sns:Publish') &&
              at(statement, 'Condition', 'Bool', 'aws:SecureTransport') === 'false',
          ),
      );
      return [
        ...(at(topic?.Properties, 'KmsMasterKeyId') === undefined ? ['OutcomeTopic is not encrypted.'] : []),
        ...(isGuarded ? [] : ['OutcomeTopic takes outcomes over plain HTTP.']),
      ];
    },
  },
  {
    name: 'only publish-outcome publishes outcomes',
    mistakes: [
      {
        mistake: 'a worker that publishes past the queue',
        path: 'Resources/UploadAssetRole/Properties/Policies/0/PolicyDocument/Statement/8',
        value: { Effect: 'Allow', Action: ['sns:Publish'], Resource: { Ref: 'OutcomeTopic' } },
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::IAM::Role')
        .filter(({ properties }) =>
          list(at(properties, 'Policies'))
            .flatMap((policy) => list(at(policy, 'PolicyDocument', 'Statement')))
            .some((statement) => list(at(statement, 'Action')).includes('sns:Publish')),
        )
        .filter(({ id }) => id !== 'PublishOutcomeRole')
        .map(({ id }) => `${id} may publish to SNS.`),
  },
  {
    name: 'an end that was announced is looked for as long as somebody can still bring it about',
    mistakes: [
      {
        mistake: 'functions that live longer than anybody waits for them',
        path: 'Resources/UploadAsset/Properties/Timeout',
        value: 1_900,
      },
    ],
    faults: (template) => {
      const looks = outcomeLooksSeconds.reduce((sum, seconds) => sum + seconds, 0);
      return resourcesOf(template, 'AWS::Lambda::Function')
        .filter(({ properties }) => amount(at(properties, 'Timeout'), 3) + lastCallSeconds > looks)
        .map(({ id }) => `${id} can end a job whose announcement has been dropped.`);
    },
  },
];
