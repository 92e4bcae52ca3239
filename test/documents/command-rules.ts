import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommandLine } from '../../cli/command-line.ts';
import { parseImportOptions } from '../../cli/import-command-line.ts';
import { parseMapOptions } from '../../cli/map-command-line.ts';
import { parseReplayOptions } from '../../cli/replay-command-line.ts';
import { parseSendOptions } from '../../cli/send-command-line.ts';
import { isJobState } from '../../lib/jobs.ts';
import cli from './cli-commands.json' with { type: 'json' };
import type { ShellCommand } from './shell-commands.ts';

/** What commands may name. */
export interface Project {
  readonly root: string;
  readonly outputs: readonly string[];
  /** Logical ids, those that SAM makes included. */
  readonly resources: readonly string[];
  readonly alarms: readonly string[];
  /** Parameters of the template, with the values that are allowed where there is a list of them. */
  readonly parameters: Readonly<Record<string, readonly string[] | undefined>>;
  /** The sections of samconfig.toml, by environment. */
  readonly environments: Readonly<Record<string, string>>;
}

type Faults = string[];
type Rule = (words: readonly string[], project: Project) => Faults;

const gitCommands = ['checkout', 'diff', 'pull'];
// What everybody has, and what the shells bring along.
const plainCommands = [
  'cat',
  'curl',
  'cut',
  'date',
  'export',
  'jq',
  'mktemp',
  'od',
  'openssl',
  'printf',
  'read',
  'rm',
  'tr',
  'unset',
];

const rules: Readonly<Record<string, Rule>> = {
  aws: awsFaults,
  sam: samFaults,
  npm: npmFaults,
  node: ([, option = '']) => (/^-[ep]$/.test(option) ? [] : [`node is called with ${option}.`]),
  git: ([, name = '']) => (gitCommands.includes(name) ? [] : [`git ${name} is no command that is known.`]),
  output: ([, name = ''], { outputs }) =>
    outputs.includes(name) ? [] : [`The template has no output ${name}.`],
  resource: ([, id = ''], { resources }) =>
    id.startsWith('$') || resources.includes(id) ? [] : [`The template has no resource ${id}.`],
  for: ([, , , ...values], { resources }) =>
    values
      .filter((value) => !resources.includes(value) && !isJobState(value))
      .map((value) => `${value} is neither a resource of the template nor a state of jobs.`),
  set_delivery: ([, value = ''], { parameters }) =>
    parameters['Delivery']?.includes(value) ? [] : [`Delivery is never ${value}.`],
};

/** One sentence for each thing that is wrong with a command. */
export function commandFaults({ words }: ShellCommand, known: readonly string[], project: Project): Faults {
  const [name] = words;
  if (name === undefined) return [];
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  const isKnown = plainCommands.includes(name) || known.includes(name) || name === '$EDITOR';
  if (rule === undefined && !isKnown) return [`${name} is no command that is known.`];
  return [...(rule?.(words, project) ?? []), ...nameFaults(words, project)];
}

function awsFaults(words: readonly string[], project: Project): Faults {
  const { key, operation } = findOperation(words);
  if (operation === undefined) return [`The AWS CLI is not known to have: ${words.slice(0, 3).join(' ')}.`];
  const flags = words.filter((word) => word.startsWith('--'));
  const allowed = [...operation.required, ...operation.optional, ...cli.awsGlobals];
  const values: Readonly<Record<string, readonly string[] | undefined>> = cli.awsValues;
  return [
    ...flags.filter((flag) => !allowed.includes(flag)).map((flag) => `aws ${key} has no ${flag}.`),
    ...operation.required.filter((flag) => !flags.includes(flag)).map((flag) => `aws ${key} needs ${flag}.`),
    ...flags.flatMap((flag) => {
      const given = valuesOf(words, flag);
      const possible = values[`${key} ${flag}`];
      return given
        .filter((value) => possible?.includes(value) === false)
        .map((value) => `${flag} is never ${value}.`);
    }),
    ...valuesOf(words, '--alarm-name')
      .filter((alarm) => !project.alarms.includes(alarm.replace('$ENVIRONMENT', '${EnvironmentName}')))
      .map((alarm) => `The template has no alarm ${alarm}.`),
  ];
}

interface Operation {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

function findOperation(words: readonly string[]): { key: string; operation: Operation | undefined } {
  const operations: Readonly<Record<string, Operation | undefined>> = cli.aws;
  const [longer, shorter] = [words.slice(1, 4).join(' '), words.slice(1, 3).join(' ')];
  const key = Object.hasOwn(operations, longer) ? longer : shorter;
  return { key, operation: Object.hasOwn(operations, key) ? operations[key] : undefined };
}

/** The words behind an option, up to the next one. */
function valuesOf(words: readonly string[], flag: string): string[] {
  const place = words.indexOf(flag);
  if (place === -1) return [];
  const behind = words.slice(place + 1);
  const next = behind.findIndex((word) => word.startsWith('--'));
  return behind.slice(0, next === -1 ? undefined : next);
}

function samFaults(words: readonly string[], { environments }: Project): Faults {
  const [, name = ''] = words;
  const commands: Readonly<Record<string, readonly string[]>> = cli.sam;
  const allowed = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (allowed === undefined) return [`The SAM CLI is not known to have: sam ${name}.`];
  return [
    ...words
      .filter((word) => word.startsWith('--') && !allowed.includes(word))
      .map((flag) => `sam ${name} has no ${flag}.`),
    ...valuesOf(words, '--config-env')
      .filter((environment) => environment !== '$ENVIRONMENT' && !Object.hasOwn(environments, environment))
      .map((environment) => `samconfig.toml has no environment ${environment}.`),
  ];
}

type Read = (arguments_: readonly string[]) => unknown;
const flagsOnly =
  (...flags: readonly string[]): Read =>
  (arguments_) => {
    const foreign = arguments_.find((argument) => argument.startsWith('-') && !flags.includes(argument));
    if (foreign !== undefined) throw new Error(`there is no ${foreign}`);
  };
/** How each script of the project reads what stands behind `--`; the others take nothing. */
const readers: Readonly<Record<string, Read>> = {
  import: parseImportOptions,
  send: parseSendOptions,
  replay: parseReplayOptions,
  showpad: parseCommandLine,
  // A sentence may name it alone.
  map: (arguments_) => arguments_.length > 0 && parseMapOptions(arguments_),
  demo: flagsOnly('--manifest'),
  start: flagsOnly('--ready-file', '--json-logs'),
  faults: flagsOnly('--seeds'),
  bench: flagsOnly('--rounds', '--json'),
};

function npmFaults(words: readonly string[], { root }: Project): Faults {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const place = words.includes('--') ? words.indexOf('--') : words.length;
  const [, first = '', ...others] = words.slice(0, place).filter((word) => word !== '--silent');
  if (first === 'ci') return others.length === 0 ? [] : [`npm ci takes no ${others.join(' ')}.`];
  // `npm run --silent` in a sentence.
  if (first === 'run' && others.length === 0) return [];
  const [script = '', ...more] =
    first === 'run' ? others : ['start', 'test'].includes(first) ? [first, ...others] : [];
  if (!Object.hasOwn(scripts, script) || more.length > 0)
    return [`package.json has no script for: ${words.slice(0, place).join(' ')}.`];
  // A variable stands for a value that its option takes.
  const given = words
    .slice(place + 1)
    .map((word) => word.replace('$SOURCE', 'dam').replace('$STATE', 'failed'));
  try {
    const read = readers[script] ?? flagsOnly();
    read(given);
    return [];
  } catch (error) {
    return [`npm run ${script}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Files, parameters and outputs that a command names wherever it does. */
function nameFaults(words: readonly string[], { root, parameters, outputs, environments }: Project): Faults {
  const text = words.join(' ');
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = '']) => name);
  return [
    ...words
      .filter((word) => /^[\w.-]+(?:\/[\w.-]+)*\.(?:ts|yaml|toml|md|json)$/.test(word))
      // What a command is about to write.
      .filter((word) => word !== valuesOf(words, '--ready-file')[0])
      .filter((file) => !existsSync(join(root, file)))
      .map((file) => `The repository has no ${file}.`),
    ...found(/ParameterKey(?:=|!=')(\w+)/g)
      .filter((name) => !Object.hasOwn(parameters, name))
      .map((name) => `The template has no parameter ${name}.`),
    ...found(/OutputKey=='(\w+)'/g)
      .filter((name) => !outputs.includes(name))
      .map((name) => `The template has no output ${name}.`),
    ...found(/(?:^| )(?:STACK|SHOWPAD_SECRET|SOURCES_SECRET)=(\S+)/g).flatMap((value) =>
      Object.entries(environments)
        .map(([name, section]) => ({ named: value.replace('$ENVIRONMENT', name), section }))
        // A secret's ARN has six characters more than its name.
        .filter(({ named, section }) => !new RegExp(`"${named}"|:secret:${named}-\\w{6}\\s`).test(section))
        .map(({ named }) => `samconfig.toml knows no ${named}.`),
    ),
    ...found(/(?:^| )ENVIRONMENT=(\S+)/g)
      .filter((name) => !Object.hasOwn(environments, name))
      .map((name) => `samconfig.toml has no environment ${name}.`),
  ];
}
