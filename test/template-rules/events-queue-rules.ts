import { at, list, resourcesOf, target, type Rule } from './rule.ts';

// What is left of a table's item of 400 KB has to do for the headers that are kept with a message.
const largestMessageBytes = 262_144;
const policy = 'Resources/EventsQueuePolicy/Properties/PolicyDocument/Statement';
const letters = 'Resources/EventsDeadLetterQueuePolicy/Properties/PolicyDocument/Statement';
const eventsTarget = 'Resources/EventsRule/Properties/Targets/0';

/** A statement as what it comes to: who may do what, with which queue, from where; under a condition or always. */
function meaningOf(statement: unknown): string {
  const [condition, meant = statement] = list(at(statement, 'Fn::If'));
  const [only, ...others] = Object.entries(at(meant, 'Condition') ?? {});
  const comparison = only !== undefined && others.length === 0 ? only : undefined;
  const from = list(at(comparison?.[1], 'aws:SourceArn'));
  return [
    ...(typeof condition === 'string' ? [`if ${condition}`] : []),
    String(at(meant, 'Effect')),
    String(at(meant, 'Principal', 'Service')),
    list(at(meant, 'Action')).join(),
    target(at(meant, 'Resource')),
    `${String(comparison?.[0])} ${from.map(target).join()}`,
  ].join(' ');
}

const bus = (queueId: string): string =>
  `Allow events.amazonaws.com sqs:SendMessage ${queueId} ArnEquals EventsRule`;
/** Everybody who may send without a role of this account. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  EventsQueue: [
    bus('EventsQueue'),
    'if HasTopics Allow sns.amazonaws.com sqs:SendMessage EventsQueue ArnEquals TopicArns',
  ],
  EventsDeadLetterQueue: [bus('EventsDeadLetterQueue')],
};

export const eventsQueueRules: readonly Rule[] = [
  {
    name: 'the rule of its bus and the topics that were named may send to the queue for events, and nobody else',
    mistakes: [
      { mistake: 'no policy', path: 'Resources/EventsQueuePolicy' },
      { mistake: 'a statement that denies it', path: `${policy}/1/Effect`, value: 'Deny' },
      { mistake: "anybody's rules", path: `${policy}/1/Condition` },
      { mistake: 'every action on the queue', path: `${policy}/1/Action`, value: 'sqs:*' },
      {
        mistake: 'everything of the account',
        path: `${policy}/1/Condition`,
        value: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
      { mistake: "anybody's topics", path: `${policy}/2/Fn::If/1/Condition` },
      {
        mistake: 'topics although none was named',
        path: `${policy}/2/Fn::If/0`,
        value: 'HasAlarmEmail',
      },
      {
        mistake: 'topics that differ from the named ones',
        path: `${policy}/2/Fn::If/1/Condition`,
        value: { ArnNotEquals: { 'aws:SourceArn': { Ref: 'TopicArns' } } },
      },
      { mistake: 'dead letters that EventBridge cannot leave', path: `${letters}/1` },
      { mistake: "anybody's dead letters", path: `${letters}/1/Condition` },
    ],
    faults: (template) =>
      Object.entries(allowed).flatMap(([queueId, wanted]) => {
        const found = resourcesOf(template, 'AWS::SQS::QueuePolicy')
          .filter(({ properties }) => list(at(properties, 'Queues')).some((one) => target(one) === queueId))
          .flatMap(({ properties }) => list(at(properties, 'PolicyDocument', 'Statement')))
          .filter((statement) => at(statement, 'Effect') !== 'Deny')
          .map(meaningOf);
        const isRight = found.toSorted().join('; ') === wanted.toSorted().join('; ');
        return isRight ? [] : [`To ${queueId} may send: ${found.join('; ')}.`];
      }),
  },
  {
    name: 'every event on the bus comes to the queue, or to its dead letters',
    mistakes: [
      { mistake: 'a rule on the default bus', path: 'Resources/EventsRule/Properties/EventBusName' },
      {
        mistake: 'a rule that is switched off',
        path: 'Resources/EventsRule/Properties/State',
        value: 'DISABLED',
      },
      {
        mistake: 'some events only',
        path: 'Resources/EventsRule/Properties/EventPattern/source/0/prefix',
        value: 'com.',
      },
      {
        mistake: 'a queue of ours',
        path: `${eventsTarget}/Arn`,
        value: { 'Fn::GetAtt': 'StageQueue.Arn' },
      },
      { mistake: 'a single try', path: `${eventsTarget}/RetryPolicy/MaximumRetryAttempts`, value: 0 },
      { mistake: 'events that are lost in the end', path: `${eventsTarget}/DeadLetterConfig` },
    ],
    faults: (template) => {
      const rule = template.Resources['EventsRule']?.Properties;
      const [to, ...others] = list(at(rule, 'Targets'));
      const isWhole =
        target(at(rule, 'EventBusName')) === 'EventBus' &&
        at(rule, 'State') === 'ENABLED' &&
        JSON.stringify(at(rule, 'EventPattern')) === '{"source":[{"prefix":""}]}' &&
        others.length === 0 &&
        target(at(to, 'Arn')) === 'EventsQueue' &&
        at(to, 'RetryPolicy', 'MaximumEventAgeInSeconds') === 86_400 &&
        at(to, 'RetryPolicy', 'MaximumRetryAttempts') === 185 &&
        target(at(to, 'DeadLetterConfig', 'Arn')) === 'EventsDeadLetterQueue';
      return isWhole ? [] : ['Events on the bus may be lost.'];
    },
  },
  {
    name: 'what the queue for events takes can be kept in the table',
    mistakes: [
      {
        mistake: 'all that SQS takes',
        path: 'Resources/EventsQueue/Properties/MaximumMessageSize',
      },
    ],
    faults: (template) => {
      const queue = template.Resources['EventsQueue']?.Properties;
      const most = Number(at(queue, 'MaximumMessageSize') ?? 1_048_576);
      return most <= largestMessageBytes ? [] : [`EventsQueue takes messages of ${most} bytes.`];
    },
  },
  {
    name: 'whoever sends events finds the queue and the bus, and their ARNs for its role',
    mistakes: [
      { mistake: 'no ARN of the queue', path: 'Outputs/EventsQueueArn' },
      { mistake: 'no ARN of the bus', path: 'Outputs/EventBusArn' },
      { mistake: 'no name of the bus', path: 'Outputs/EventBusName' },
    ],
    faults: (template) => {
      const values = Object.values(at(template, 'Outputs') ?? {}).map((output) =>
        JSON.stringify(at(output, 'Value')),
      );
      return [{ 'Fn::GetAtt': 'EventsQueue.Arn' }, { 'Fn::GetAtt': 'EventBus.Arn' }, { Ref: 'EventBus' }]
        .map((value) => JSON.stringify(value))
        .filter((value) => !values.includes(value))
        .map((value) => `No output has the value ${value}.`);
    },
  },
];
