import { parseArgs } from 'node:util';
import { ReaderError } from './reader-error.ts';

/** What an event is made of: said on the command line, or read from a file (`-` is the standard input). */
export type EventOrigin =
  | {
      readonly kind: 'given';
      readonly type: string;
      readonly subject: string;
      readonly data: Record<string, unknown>;
    }
  | { readonly kind: 'file'; readonly file: string };

export interface SendOptions {
  readonly source: string;
  readonly origin: EventOrigin;
  /** The id of the event; a fresh one when it is not given. */
  readonly eventId: string | undefined;
  readonly isWaiting: boolean;
  readonly isJson: boolean;
}

const contentOptions = {
  type: { type: 'string' },
  subject: { type: 'string' },
  url: { type: 'string' },
  name: { type: 'string' },
  division: { type: 'string' },
  tag: { type: 'string', multiple: true },
  description: { type: 'string' },
} as const;
const options = {
  ...contentOptions,
  source: { type: 'string', default: 'demo' },
  event: { type: 'string' },
  id: { type: 'string' },
  wait: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;
type Values = ReturnType<typeof parse>;
type ContentOption = keyof typeof contentOptions;

/** The types that the command line can say, with the options that each takes beside its subject. */
const optionsOfType: Readonly<Record<string, readonly ContentOption[]>> = {
  'asset.upsert': ['url', 'name', 'division', 'tag', 'description'],
  'asset.metadata': ['tag', 'description'],
  'asset.archive': [],
  'asset.restore': [],
  'asset.delete': [],
};

/**
 * Reads the arguments behind `npm run send --`; null when they ask for help.
 * @throws ReaderError that says what is wrong with them
 */
export function parseSendOptions(arguments_: readonly string[]): SendOptions | null {
  const values = parse(arguments_);
  if (values.help) return null;
  for (const [name, value] of Object.entries(values))
    if ([value].flat().includes('')) throw usageError(`--${name} is empty.`);
  const { source, event, id, wait, json } = values;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(source))
    throw usageError('--source must be the name of a source: lower-case letters, digits and hyphens.');
  const origin = event === undefined ? saidEvent(values) : fileEvent(event, values);
  return { source, origin, eventId: id, isWaiting: wait, isJson: json };
}

function parse(arguments_: readonly string[]) {
  try {
    return parseArgs({ args: [...arguments_], options }).values;
  } catch (error) {
    // Its first sentence names the option; the others are about programs that take one that begins with a dash.
    throw usageError(error instanceof Error ? (error.message.split(/(?<=\.) |\n/)[0] ?? '') : String(error));
  }
}

function fileEvent(file: string, values: Values): EventOrigin {
  const foreign = givenContent(values)[0];
  if (foreign !== undefined) throw usageError(`--event brings the whole event: leave out --${foreign}.`);
  return { kind: 'file', file };
}

function saidEvent(values: Values): EventOrigin {
  const { type = 'asset.upsert', subject } = values;
  const allowed = Object.hasOwn(optionsOfType, type) ? optionsOfType[type] : undefined;
  if (allowed === undefined) throw usageError(`An event of type ${type} is sent with --event FILE.`);
  if (subject === undefined)
    throw usageError("--subject is missing: the source's own id of the piece of content.");
  const foreign = givenContent(values).find((name) => !['type', 'subject', ...allowed].includes(name));
  if (foreign !== undefined) throw usageError(`${type} has no --${foreign}.`);
  return { kind: 'given', type, subject, data: dataOf(type, values) };
}

function givenContent(values: Values): ContentOption[] {
  return (Object.keys(contentOptions) as ContentOption[]).filter((name) => values[name] !== undefined);
}

function dataOf(type: string, values: Values): Record<string, unknown> {
  const { tag, description } = values;
  const metadata = {
    ...(values.division !== undefined && { division: divisionOf(values.division) }),
    ...(tag !== undefined && { tags: tag }),
    ...(description !== undefined && { description }),
  };
  const told = Object.keys(metadata).length > 0 ? { metadata } : {};
  if (type === 'asset.upsert') return { file: fileOf(values), ...told };
  if (type === 'asset.metadata' && !('metadata' in told))
    throw usageError('asset.metadata needs something to say: --description or --tag.');
  return told;
}

/** Showpad's ids are 32 hexadecimal digits; everything else is a name. */
function divisionOf(text: string): string | { name: string } {
  return /^[0-9a-f]{32}$/.test(text) ? text : { name: text };
}

function fileOf({ url, name }: Values): { url: string; name: string } {
  const address = url === undefined ? null : URL.parse(url);
  if (url === undefined || address === null || !/^https?:$/.test(address.protocol))
    throw usageError('--url must be an http or https URL, from which the connector fetches the file itself.');
  const last = name ?? lastPart(address);
  if (/[^.]\.[A-Za-z0-9]{1,10}$/.test(last)) return { url, name: last };
  throw usageError(`--name must be the name of the file, with its extension, such as Brochure.pdf.`);
}

function lastPart({ pathname }: URL): string {
  const part = pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function usageError(message: string): ReaderError {
  return new ReaderError(`${message}\nnpm run send -- --help shows what there is.`, 2);
}
