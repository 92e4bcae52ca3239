import { readersOf } from './grants.ts';
import { mappingsOf } from './queue-rules.ts';
import { at, list, resourcesOf, target, type Rule } from './rule.ts';

/** What `Fn::If` asks for, where its answer is on when that holds and off otherwise. */
function conditionOf(enabled: unknown): unknown {
  const [condition, whenTrue, whenFalse] = list(at(enabled, 'Fn::If'));
  return whenTrue === true && whenFalse === false ? condition : undefined;
}

export const pauseRules: readonly Rule[] = [
  {
    name: "the pause stops exactly the functions that hold Showpad's secret",
    mistakes: [
      {
        mistake: 'a function that calls Showpad all the same',
        path: 'Resources/UploadAsset/Properties/Events/Messages/Properties/Enabled',
      },
      {
        mistake: 'one that is switched the other way round',
        path: 'Resources/PollProcessing/Properties/Events/Messages/Properties/Enabled',
        value: { 'Fn::If': ['IsDelivering', false, true] },
      },
      {
        mistake: 'staging that stops, so that links expire',
        path: 'Resources/StageBinary/Properties/Events/Messages/Properties/Enabled',
        value: { 'Fn::If': ['IsDelivering', true, false] },
      },
      {
        mistake: 'a function that is off for ever',
        path: 'Resources/StageBinary/Properties/Events/Messages/Properties/Enabled',
        value: false,
      },
    ],
    faults: (template) => {
      const readers = readersOf(template, 'ShowpadSecretArn');
      return mappingsOf(template).flatMap(({ id, settings, consumer }) => {
        const enabled = at(settings, 'Enabled');
        const callsShowpad = readers.has(target(at(consumer, 'Role')) ?? '');
        if (callsShowpad)
          return conditionOf(enabled) === 'IsDelivering' ? [] : [`${id} calls Showpad during a pause.`];
        return enabled === undefined || enabled === true ? [] : [`${id} stops although it calls no Showpad.`];
      });
    },
  },
  {
    name: 'a stack delivers unless it is told to pause, and the functions know',
    mistakes: [
      { mistake: 'a stack that begins with a pause', path: 'Parameters/Delivery/Default', value: 'paused' },
      {
        mistake: 'a pause that is none',
        path: 'Conditions/IsDelivering',
        value: { 'Fn::Equals': [{ Ref: 'Delivery' }, 'paused'] },
      },
      {
        mistake: 'a sweeper that is not told',
        path: 'Globals/Function/Environment/Variables/DELIVERY',
        value: 'running',
      },
    ],
    faults: (template) => {
      const condition = list(at(template, 'Conditions', 'IsDelivering', 'Fn::Equals'));
      const isAsked = target(condition[0]) === 'Delivery' && condition[1] === 'running';
      const functions = resourcesOf(template, 'AWS::Lambda::Function');
      return [
        ...(isAsked ? [] : ['IsDelivering is not whether Delivery is running.']),
        ...(at(template, 'Parameters', 'Delivery', 'Default') === 'running'
          ? []
          : ['A new stack does not deliver.']),
        ...functions
          .filter(
            ({ properties }) => target(at(properties, 'Environment', 'Variables', 'DELIVERY')) !== 'Delivery',
          )
          .map(({ id }) => `${id} does not know of the pause.`),
      ];
    },
  },
];
