import { parseArgs } from 'node:util';
import { commands } from './commands.ts';
import type { Command, Filters } from './commands.ts';
import type { OutputOptions } from './output.ts';
import { ReaderError } from './reader-error.ts';

const filterOptions = {
  tag: { type: 'string', multiple: true },
  division: { type: 'string', multiple: true },
  category: { type: 'string', multiple: true },
  'external-id': { type: 'string', multiple: true },
  id: { type: 'string', multiple: true },
  slug: { type: 'string', multiple: true },
  email: { type: 'string', multiple: true },
  name: { type: 'string' },
  'exact-name': { type: 'string' },
} as const satisfies Record<keyof Filters, unknown>;

const generalOptions = {
  limit: { type: 'string', default: '100' },
  json: { type: 'boolean', default: false },
  jsonl: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

export interface CommandLine {
  readonly command: Command;
  /** What stands behind the command: an id, a query; empty for commands that take none. */
  readonly operand: string;
  readonly filters: Filters;
  readonly output: OutputOptions;
}

/**
 * Reads the arguments behind `npm run showpad --`; null when they ask for help.
 * @throws ReaderError that says what is wrong with them
 */
export function parseCommandLine(arguments_: readonly string[]): CommandLine | null {
  const { values, positionals } = parse(arguments_);
  const { limit, json, jsonl, help, ...filters } = values;
  if (help) return null;
  if (json && jsonl) throw usageError('--json and --jsonl are two forms of the answer: choose one.');

  const { name, command, operands } = findCommand(positionals);
  const foreign = Object.keys(filters).find((option) => !command.filters.some((own) => own === option));
  if (foreign !== undefined) throw usageError(`${name} has no option --${foreign}.`);
  const [operand = '', ...rest] = operands;
  if (command.operand === undefined && operands.length > 0)
    throw usageError(`${name} takes nothing but options; “${operand}” is too much.`);
  if (command.operand !== undefined && operand.trim() === '')
    throw usageError(`${name} needs its ${command.operand}.`);
  if (rest.length > 0) throw usageError(`${name} takes one ${command.operand ?? ''}: put it in quotes.`);
  for (const [option, value] of Object.entries(filters)) {
    if ([value].flat().includes('')) throw usageError(`--${option} is empty.`);
  }
  const format = jsonl ? 'jsonl' : json ? 'json' : 'table';
  return { command, operand, filters, output: { format, limit: parseLimit(limit) } };
}

function parse(arguments_: readonly string[]) {
  try {
    const options = { ...filterOptions, ...generalOptions };
    return parseArgs({ args: [...arguments_], options, allowPositionals: true });
  } catch (error) {
    // Its first sentence names the option; the others are about programs that take one that begins with a dash.
    throw usageError(error instanceof Error ? (error.message.split(/(?<=\.) |\n/)[0] ?? '') : String(error));
  }
}

function findCommand(positionals: readonly string[]) {
  for (const words of [1, 2]) {
    const name = positionals.slice(0, words).join(' ');
    const command = commands.get(name);
    if (command !== undefined) return { name, command, operands: positionals.slice(words) };
  }
  if (positionals.length === 0) throw usageError('What should be read?');
  const given = positionals.slice(0, 2).join(' ');
  throw usageError(`There is no command “${given}”. There are: ${[...commands.keys()].join(', ')}.`);
}

function parseLimit(text: string): number {
  if (text === 'all') return Infinity;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError('--limit must be a whole number from 1 on, or all.');
}

function usageError(message: string): ReaderError {
  return new ReaderError(`${message}\nnpm run showpad -- --help shows what there is.`, 2);
}
