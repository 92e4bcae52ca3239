import { resolve } from '../../local/intrinsics.ts';
import { parameterSchema, parameterValues } from '../../local/template-parameters.ts';
import type { CloudFormationTemplate } from '../sam-template.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

/** What differs in every account: nothing stands for it. */
const hasNoDefault = ['ShowpadSecretArn', 'SourcesSecretArn'];
const urls = { ShowpadV4Url: 'https://v4', ShowpadV3Url: 'https://v3' };
const nothing = { ShowpadSubdomain: '', ShowpadV4Url: '', ShowpadV3Url: '' };
/** What somebody may give of where Showpad is, and whether it is enough and not too much. */
const whereabouts = [
  { ...nothing, isEnough: false },
  { ...nothing, ShowpadSubdomain: 'acme', isEnough: true },
  { ...nothing, ...urls, isEnough: true },
  { ...urls, ShowpadSubdomain: 'acme', isEnough: false },
  { ...nothing, ...urls, ShowpadV3Url: '', isEnough: false },
  { ...nothing, ...urls, ShowpadV4Url: '', isEnough: false },
  { ...urls, ShowpadSubdomain: 'acme', ShowpadV3Url: '', isEnough: false },
  { ...urls, ShowpadSubdomain: 'acme', ShowpadV4Url: '', isEnough: false },
];
const interfaceOf = (template: CloudFormationTemplate): unknown =>
  at(template, 'Metadata', 'AWS::CloudFormation::Interface');

export const parameterRules: readonly Rule[] = [
  {
    name: 'every parameter says what it is for, and where it belongs',
    mistakes: [
      { mistake: 'no description', path: 'Parameters/SettleSeconds/Description' },
      {
        mistake: 'a parameter that no group shows',
        path: 'Parameters/Extra',
        value: { Type: 'String', Description: 'Nobody asks for it.' },
      },
      {
        mistake: 'a label for nothing',
        path: 'Metadata/AWS::CloudFormation::Interface/ParameterLabels/Extra',
        value: { default: 'Nothing' },
      },
    ],
    faults: (template) => {
      const groups = list(at(interfaceOf(template), 'ParameterGroups'));
      const grouped = groups.flatMap((group) => list(at(group, 'Parameters')));
      const labelled = Object.keys(at(interfaceOf(template), 'ParameterLabels') ?? {});
      return [
        ...Object.entries(template.Parameters)
          .filter(([, parameter]) => typeof at(parameter, 'Description') !== 'string')
          .map(([name]) => `${name} has no description.`),
        ...Object.keys(template.Parameters)
          .filter((name) => !grouped.includes(name))
          .map((name) => `${name} is in no group.`),
        ...[...grouped, ...labelled]
          .filter((name) => !Object.hasOwn(template.Parameters, String(name)))
          .map((name) => `${String(name)} is in a group or has a label, but is no parameter.`),
      ];
    },
  },
  {
    name: 'no parameter takes just anything, and a refusal says what is taken',
    mistakes: [
      { mistake: 'no pattern', path: 'Parameters/ShowpadSecretArn/AllowedPattern' },
      { mistake: 'a refusal that shows a pattern', path: 'Parameters/AlarmEmail/ConstraintDescription' },
      { mistake: 'no upper limit', path: 'Parameters/SettleSeconds/MaxValue' },
      { mistake: 'any word for a switch', path: 'Parameters/AllowPrivateSources/AllowedValues' },
    ],
    faults: (template) =>
      Object.entries(template.Parameters).flatMap(([name, parameter]) => {
        const has = (key: string): boolean => at(parameter, key) !== undefined;
        if (has('AllowedValues')) return [];
        if (parameter.Type === 'Number')
          return has('MinValue') && has('MaxValue') ? [] : [`${name} has no smallest or no largest value.`];
        if (!has('AllowedPattern')) return [`${name} takes any text.`];
        return has('ConstraintDescription') ? [] : [`${name} refuses without saying what it takes.`];
      }),
  },
  {
    name: 'what can have a default has one, and it is allowed',
    mistakes: [
      { mistake: 'one more thing that everybody must decide', path: 'Parameters/SettleSeconds/Default' },
      {
        mistake: 'a secret that everybody would share',
        path: 'Parameters/ShowpadSecretArn/Default',
        value: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:showpad-AAAAAA',
      },
      {
        mistake: 'a default that its own pattern refuses',
        path: 'Parameters/EnvironmentName/Default',
        value: 'Dev',
      },
      { mistake: 'a default that is too large', path: 'Parameters/SettleSeconds/Default', value: 901 },
    ],
    faults: (template) =>
      Object.entries(template.Parameters).flatMap(([name, parameter]) => {
        const value = at(parameter, 'Default');
        if (hasNoDefault.includes(name)) return value === undefined ? [] : [`${name} must be given.`];
        try {
          parameterValues({ [name]: parameterSchema.parse(parameter) }, {});
          return [];
        } catch (error) {
          return [`${name}: ${String(error)}`];
        }
      }),
  },
  {
    name: 'Showpad is given by its subdomain or by its URLs, and nothing is deployed without either',
    mistakes: [
      { mistake: 'no rule', path: 'Rules/OneShowpad' },
      {
        mistake: 'a rule that always holds',
        path: 'Rules/OneShowpad/Assertions/0/Assert',
        value: { 'Fn::Equals': [{ Ref: 'ShowpadSubdomain' }, { Ref: 'ShowpadSubdomain' }] },
      },
      {
        mistake: 'a rule that forgets a parameter',
        path: 'Rules/OneShowpad/Assertions/0/Assert/Fn::Or/0/Fn::And/2',
      },
    ],
    faults: (template) => {
      const assertions = Object.values(at(template, 'Rules') ?? {}).flatMap((rule) =>
        list(at(rule, 'Assertions')).map((assertion) => at(assertion, 'Assert')),
      );
      return whereabouts
        .filter(({ isEnough, ...values }) => {
          const reference = (name: string): string => at(values, name) as string;
          const resolver = { reference, attribute: reference, condition: () => false };
          return assertions.every((assertion) => resolve(assertion, resolver) === true) !== isEnough;
        })
        .map(({ isEnough, ...values }) => {
          const given = Object.entries(values).flatMap(([name, value]) => (value === '' ? [] : [name]));
          return `${given.join(' and ') || 'Nothing'} is ${isEnough ? 'not taken' : 'taken for all'} that says where Showpad is.`;
        });
    },
  },
  {
    name: 'whoever gives an e-mail address hears of alarms, and nobody must give one',
    mistakes: [
      { mistake: 'no subscription', path: 'Resources/AlarmSubscription' },
      { mistake: 'a subscription without an address', path: 'Resources/AlarmSubscription/Condition' },
      {
        mistake: 'another address',
        path: 'Resources/AlarmSubscription/Properties/Endpoint',
        value: 'somebody@example.com',
      },
    ],
    faults: (template) =>
      resourcesOf(template, 'AWS::SNS::Subscription').some(
        ({ properties, attributes }) =>
          at(properties, 'Protocol') === 'email' &&
          target(at(properties, 'Endpoint')) === 'AlarmEmail' &&
          target(at(properties, 'TopicArn')) === 'AlarmTopic' &&
          at(attributes, 'Condition') === 'HasAlarmEmail',
      )
        ? []
        : ['AlarmEmail hears of no alarm.'],
  },
];
