import { at, list, type Rule } from './rule.ts';

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
    ],
    faults: (template) => {
      const groups = list(at(template, 'Metadata', 'AWS::CloudFormation::Interface', 'ParameterGroups'));
      const grouped = groups.flatMap((group) => list(at(group, 'Parameters')));
      return [
        ...Object.entries(template.Parameters)
          .filter(([, parameter]) => typeof at(parameter, 'Description') !== 'string')
          .map(([name]) => `${name} has no description.`),
        ...Object.keys(template.Parameters)
          .filter((name) => !grouped.includes(name))
          .map((name) => `${name} is in no group.`),
        ...grouped
          .filter((name) => !Object.hasOwn(template.Parameters, String(name)))
          .map((name) => `${String(name)} is in a group, but is no parameter.`),
      ];
    },
  },
];
