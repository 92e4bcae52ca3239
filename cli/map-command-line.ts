import { parseArgs } from 'node:util';
import { ReaderError } from './reader-error.ts';

export const mapUsage = `Usage: npm run map -- --source NAME PAYLOAD [--headers FILE] [--sources FILE] [--answer FILE] [--json]

Shows what a payload means: the events that the source's adapter and mapping make of it and where each value came from,
what they ask for, and the requests to Showpad that would follow, for an asset that is new and for one that is known.
Offline: nothing leaves this machine, no file is fetched, and the signature of the payload is not looked at.

  PAYLOAD          the body as the source sends it, a file
  --source NAME    the source, as the sources name it
  --headers FILE   the headers that came with it, JSON; some adapters read one (Contentful's x-contentful-topic)
  --sources FILE   the sources, JSON; by default those of SOURCES, as for npm start
  --answer FILE    what the source's API answers when it is asked for details, JSON; only some adapters ask (Bynder)
  --json           one JSON object instead of text
  --help           this text`;

export interface MapOptions {
  readonly source: string;
  readonly payloadFile: string;
  readonly headersFile: string | undefined;
  readonly sourcesFile: string | undefined;
  readonly answerFile: string | undefined;
  readonly isJson: boolean;
}

const options = {
  source: { type: 'string' },
  headers: { type: 'string' },
  sources: { type: 'string' },
  answer: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

/**
 * Reads the arguments behind `npm run map --`; null when they ask for help.
 * @throws ReaderError that says what is wrong with them
 */
export function parseMapOptions(arguments_: readonly string[]): MapOptions | null {
  const { values, positionals } = parse(arguments_);
  if (values.help) return null;
  const [payloadFile, ...others] = positionals;
  if (values.source === undefined || values.source === '') throw usageError('--source NAME is missing.');
  if (payloadFile === undefined) throw usageError('The file with the payload is missing.');
  if (others.length > 0) throw usageError('Only one payload is taken.');
  const { source, headers: headersFile, sources: sourcesFile, answer: answerFile, json: isJson } = values;
  return { source, payloadFile, headersFile, sourcesFile, answerFile, isJson };
}

function parse(arguments_: readonly string[]) {
  try {
    return parseArgs({ args: [...arguments_], options, allowPositionals: true });
  } catch (error) {
    throw usageError(error instanceof Error ? (error.message.split(/(?<=\.) |\n/)[0] ?? '') : String(error));
  }
}

function usageError(message: string): ReaderError {
  return new ReaderError(`${message} Run npm run map -- --help for all options.`, 2);
}
