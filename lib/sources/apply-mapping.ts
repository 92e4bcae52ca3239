import { normalizeTime } from '../event-order.ts';
import { valuesAt, type Found } from './json-path.ts';
import type { Mapping, Rule } from './mapping.ts';

/** What the rules read: the parsed payload, its headers, and what stands for keys in braces. */
export interface Reading {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Where each value came from, or was looked for, by our field. */
export type Origins = Readonly<Record<string, string>>;

export interface Mapped {
  readonly data: {
    readonly file?: Readonly<Record<string, unknown>>;
    readonly url?: unknown;
    readonly metadata?: Readonly<Record<string, unknown>>;
  };
  readonly origins: Origins;
}

type Kind = 'text' | 'url' | 'digest' | 'number' | 'flag' | 'list' | 'date' | 'value';
interface Taken {
  readonly value?: unknown;
  readonly origin: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  url: 'url',
  size: 'number',
  md5: 'digest',
  sha256: 'digest',
  tags: 'list',
  languages: 'list',
  countries: 'list',
  authors: 'list',
  downloadableInternal: 'list',
  downloadableExternal: 'list',
  expiresAt: 'date',
  releasedAt: 'date',
  draftedAt: 'date',
  time: 'date',
  division: 'value',
  lockedPages: 'value',
  enforcedPages: 'value',
  localization: 'value',
};
const kindOf = (name: string): Kind =>
  (Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? (/(?:^|\.)is[A-Z]/.test(name) ? 'flag' : 'text');

/** Takes everything out of a payload that a mapping names. What it takes is as good as the payload: nothing is checked. */
export function applyMapping(mapping: Mapping, reading: Reading): Mapped {
  const origins: Record<string, string> = {};
  const take = (rules: Readonly<Record<string, Rule | null | undefined>>, prefix: string) => {
    const taken: Record<string, unknown> = {};
    for (const [name, rule] of Object.entries(rules)) {
      if (rule === undefined || rule === null) continue;
      const { value, origin } = takeValue(name, rule, reading);
      origins[`${prefix}${name}`] = origin;
      if (value !== undefined) taken[name] = value;
    }
    return taken;
  };
  const file = take(mapping.file ?? {}, 'file.');
  const { url } = take({ url: mapping.url }, '');
  const metadata = nestPermissions(withExtensionOf(file['name'], take(mapping.metadata ?? {}, 'metadata.')));
  const isLink = url !== undefined && file['url'] === undefined;
  return {
    data: {
      ...(isLink ? { url } : { file }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    },
    origins,
  };
}

/** The value of one field by its rule, and where it came from. */
export function takeValue(name: string, rule: Rule, reading: Reading): Taken {
  if (rule.value !== undefined) return { value: rule.value, origin: 'a fixed value' };
  const kind = kindOf(name);
  const found = find(rule, reading, kind);
  const looked = [...(rule.path ?? []), ...(rule.header === undefined ? [] : [`header ${rule.header}`])];
  const values = found.flatMap((one) => lookUp(rule, one, kind));
  const [first] = values;
  if (first === undefined) {
    const missed =
      found[0] === undefined ? `nothing at ${looked.join(', ')}` : `not in the table: ${found[0].place}`;
    return rule.default === undefined
      ? { origin: missed }
      : { value: rule.default, origin: `default (${missed})` };
  }
  const origin = `${kind === 'list' ? places(found) : first.place}${rule.table === undefined ? '' : ' (table)'}`;
  if (kind === 'list') return { value: [...new Set(values.map(({ value }) => value))], origin };
  const value = convert(kind, rule, first.value);
  return { value: withExtension(value, rule.extension, reading), origin };
}

function find({ path = [], header, split }: Rule, reading: Reading, kind: Kind): Found[] {
  for (const candidate of path) {
    const found = valuesAt(reading.body, candidate, reading.parameters).flatMap((one) =>
      spread(one, kind, split),
    );
    if (found.length > 0) return found;
  }
  const value = header === undefined ? undefined : reading.headers[header];
  return value === undefined ? [] : spread({ value, place: `header ${String(header)}` }, kind, split);
}

/** The items of a list, and the parts of a text that is one; blank texts count as absent. */
function spread({ value, place }: Found, kind: Kind, split: string | undefined, depth = 0): Found[] {
  // What is nested deeper is no list of ours, and may be without end.
  if (Array.isArray(value) && kind !== 'value' && depth < deepestList) {
    return value.flatMap((item: unknown) => spread({ value: item, place }, kind, split, depth + 1));
  }
  if (typeof value === 'string' && split !== undefined) {
    return value.split(split).flatMap((part) => spread({ value: part, place }, kind, undefined));
  }
  if (value === null || (typeof value === 'string' && value.trim() === '')) return [];
  return [{ value: typeof value === 'string' && kind !== 'text' ? value.trim() : value, place }];
}

const deepestList = 3;

function lookUp({ table }: Rule, { value, place }: Found, kind: Kind): Found[] {
  if (table === undefined) return [{ value, place }];
  const key = String(value).trim();
  const meant = Object.hasOwn(table, key) ? table[key] : table['*'];
  if (meant === undefined) return [];
  return kind === 'list' && Array.isArray(meant)
    ? meant.map((item) => ({ value: item, place }))
    : [{ value: meant, place }];
}

/** What cannot be converted stays as it is, so that whoever checks it can say what is wrong with it. */
function convert(kind: Kind, { date }: Rule, value: unknown): unknown {
  switch (kind) {
    case 'text':
      return typeof value === 'number' ? String(value) : value;
    case 'url':
      // A link without a scheme takes that of its page, and there is none.
      return typeof value === 'string' && value.startsWith('//') ? `https:${value}` : value;
    case 'digest':
      return typeof value === 'string' ? value.toLowerCase() : value;
    case 'number':
      return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    case 'flag':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 'date':
      return convertDate(date, value);
    case 'list':
    case 'value':
      return value;
  }
}

function convertDate(form: Rule['date'], value: unknown): unknown {
  if (form === 'day') {
    const start = `${String(value)}T00:00:00Z`;
    return normalizeTime(start) === null ? value : start;
  }
  if (form === undefined || value === '' || !Number.isFinite(Number(value))) return value;
  const milliseconds = Number(value) * (form === 'unix' ? 1_000 : 1);
  return Math.abs(milliseconds) < 8.64e15 ? new Date(milliseconds).toISOString() : value;
}

function withExtension(value: unknown, path: string | undefined, reading: Reading): unknown {
  if (path === undefined || typeof value !== 'string') return value;
  const found = valuesAt(reading.body, path, reading.parameters)[0]?.value;
  const extension: unknown = Array.isArray(found) ? found[0] : found;
  if (typeof extension !== 'string' || !/^\.?[A-Za-z0-9]{1,10}$/.test(extension)) return value;
  const ending = `.${extension.replace(/^\./, '')}`;
  return value.toLowerCase().endsWith(ending.toLowerCase()) ? value : `${value}${ending}`;
}

/** Showpad tells what a file is by the name of its asset, so a title gets the extension of its file. */
function withExtensionOf(fileName: unknown, metadata: Record<string, unknown>): Record<string, unknown> {
  const { name } = metadata;
  const ending = typeof fileName === 'string' ? (/\.[A-Za-z0-9]{1,10}$/.exec(fileName)?.[0] ?? '') : '';
  if (typeof name !== 'string' || name.toLowerCase().endsWith(ending.toLowerCase())) return metadata;
  return { ...metadata, name: `${name}${ending}` };
}

function nestPermissions(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isRight = (name: string): boolean => name.startsWith('permissions.');
  const entries = Object.entries(metadata);
  const rights = entries.filter(([name]) => isRight(name)).map(([name, value]) => [name.slice(12), value]);
  const rest = Object.fromEntries(entries.filter(([name]) => !isRight(name)));
  return rights.length === 0 ? rest : { ...rest, permissions: Object.fromEntries(rights) };
}

function places(found: readonly Found[]): string {
  const all = [...new Set(found.map(({ place }) => place))];
  return all.length > 3 ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more` : all.join(', ');
}
