import { parseArgs } from 'node:util';
import { ReaderError } from './reader-error.ts';

export interface ImportOptions {
  /** What to do: bring a file, plan it, or watch an import. */
  readonly task:
    | { readonly kind: 'import' | 'plan'; readonly file: string; readonly source: string }
    | { readonly kind: 'watch'; readonly id: string };
  readonly skipInvalid: boolean;
  readonly resultFolder: string;
  readonly isJson: boolean;
}

const options = {
  source: { type: 'string' },
  plan: { type: 'boolean', default: false },
  'skip-invalid': { type: 'boolean', default: false },
  watch: { type: 'string' },
  result: { type: 'string', default: '.' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

/**
 * Reads the arguments behind `npm run import --`; null when they ask for help.
 * @throws ReaderError that says what is wrong with them
 */
export function parseImportOptions(arguments_: readonly string[]): ImportOptions | null {
  const { values, positionals } = parse(arguments_);
  if (values.help) return null;
  const { watch, source, plan, json: isJson, result: resultFolder } = values;
  const common = { skipInvalid: values['skip-invalid'], resultFolder, isJson };
  const [file, ...others] = positionals;
  if (watch !== undefined) {
    if (file !== undefined || plan || source !== undefined) throw usageError('--watch stands alone.');
    if (!/^imp_[0-9a-f]+$/.test(watch))
      throw usageError('--watch needs the id of an import, such as imp_12ab.');
    return { task: { kind: 'watch', id: watch }, ...common };
  }
  if (file === undefined) throw usageError('Which file? Name a manifest that ends with .csv or .jsonl.');
  if (others.length > 0) throw usageError('Only one file can be imported at a time.');
  if (source === undefined || source === '') throw usageError('Whose assets are these? Give --source NAME.');
  return { task: { kind: plan ? 'plan' : 'import', file, source }, ...common };
}

function parse(arguments_: readonly string[]) {
  try {
    return parseArgs({ args: [...arguments_], options, allowPositionals: true });
  } catch (error) {
    // Its first sentence names the option; the others are about programs that take one that begins with a dash.
    throw usageError(error instanceof Error ? (error.message.split(/(?<=\.) |\n/)[0] ?? '') : String(error));
  }
}

function usageError(message: string): ReaderError {
  return new ReaderError(`${message}\nnpm run import -- --help shows what there is.`, 2);
}
