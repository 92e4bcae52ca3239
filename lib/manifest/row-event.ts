import { parseCloudEvent, type ConnectorEvent } from '../events.ts';
import { inboxUrl } from '../inbox-url.ts';
import { columnOf, columns, type Column, type RowEventType } from './columns.ts';

/** What a row says, by column. */
export type RowValues = Readonly<Record<string, unknown>>;

export interface RowFault {
  /** Empty when it is the row as a whole. */
  readonly column: string;
  readonly message: string;
}

export type RowEvent = Extract<ConnectorEvent, { readonly type: RowEventType }>;
export type ParsedRow = { readonly event: RowEvent } | { readonly faults: readonly RowFault[] };

/** Where a row stands: what makes its event the same whenever it is read. */
export interface RowPlace {
  readonly source: string;
  readonly eventId: string;
  readonly time: Date;
  /** The bucket that `key` is in. */
  readonly bucket: string;
}

const extension = /\.[A-Za-z0-9]{1,10}$/;

/**
 * The event that a row stands for: `asset.upsert` where it names content, else `asset.metadata`. What may be in it is
 * said by the schemas of events alone. Never throws.
 */
export function parseRow(values: RowValues, place: RowPlace): ParsedRow {
  const faults: RowFault[] = [];
  const data: Record<string, unknown> = {};
  const given: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(values)) {
    const column = columns.get(name);
    if (column === undefined) {
      faults.push({ column: name.slice(0, 60), message: 'is not a known column' });
      continue;
    }
    if (raw === '' || raw === undefined) continue;
    const read = readCell(column, raw);
    if ('fault' in read) faults.push({ column: name, message: read.fault });
    else {
      given[name] = read.value;
      if (column.path !== null) put(data, column.path, read.value);
    }
  }
  const type = addContent(given, data, place, faults);
  if (faults.length > 0) return { faults };
  const body = {
    specversion: '1.0',
    id: place.eventId,
    source: '/manifest',
    type,
    subject: given['subject'],
    time: place.time.toISOString(),
    data,
  };
  const parsed = parseCloudEvent(body, place.time);
  if ('faults' in parsed) {
    return {
      faults: parsed.faults.map(({ field, message }) => ({ column: columnOf(field), message })),
    };
  }
  return { event: parsed.event as RowEvent };
}

/** Names the content where the columns url, key or link do, and says what kind of event that makes. */
function addContent(
  given: Record<string, unknown>,
  data: Record<string, unknown>,
  { source, bucket }: RowPlace,
  faults: RowFault[],
): RowEventType {
  const contents = ['url', 'key', 'link'].filter((name) => given[name] !== undefined);
  const [content] = contents;
  if (contents.length > 1) {
    faults.push({ column: contents[1] ?? '', message: `cannot stand beside “${content ?? ''}”: give one` });
  }
  if (content !== 'url' && content !== 'key') {
    const [ofFile] = ['fileName', 'mediaType', 'size', 'md5', 'sha256'].filter(
      (name) => given[name] !== undefined,
    );
    if (ofFile !== undefined) faults.push({ column: ofFile, message: 'needs a file in “url” or “key”' });
    return content === 'link' ? 'asset.upsert' : 'asset.metadata';
  }
  const address = String(given[content]);
  if (content === 'key' && !address.startsWith(filesOf(source))) {
    faults.push({ column: 'key', message: `must begin with ${filesOf(source)}` });
  }
  const url = content === 'url' ? address : inboxUrl(bucket, address);
  const path = content === 'url' ? pathOf(address) : address;
  put(data, ['file', 'url'], url);
  if (given['fileName'] === undefined) put(data, ['file', 'name'], fileNameOf(given['name'], path));
  return 'asset.upsert';
}

/** Where the files of a source wait that a manifest names by their key. */
export function filesOf(source: string): string {
  return `files/${source}/`;
}

function pathOf(url: string): string {
  const { pathname = '' } = URL.parse(url) ?? {};
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** The name that the row gives, if it says what kind of file it is, else that of the address. */
function fileNameOf(name: unknown, path: string): string {
  const last = path.split('/').at(-1) ?? '';
  if (typeof name === 'string' && extension.test(name)) return name;
  if (extension.test(last)) return last;
  return typeof name === 'string' && name !== '' ? name : last || 'file';
}

/** Puts a value to its place in an object, whose inner objects are made as they are needed. */
export function put(data: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    data[key] = value;
    return;
  }
  const inner = (data[key] ??= {});
  put(inner as Record<string, unknown>, rest, value);
}

export type Cell = { readonly value: unknown } | { readonly fault: string };

/** A text means in JSON Lines what it means in a cell; everything else is taken as it is. */
export function readCell({ kind, isClearable }: Column, raw: unknown): Cell {
  if (raw === null || (raw === 'null' && isClearable)) {
    return isClearable ? { value: null } : { fault: 'cannot be cleared' };
  }
  if (typeof raw !== 'string') return { value: raw };
  switch (kind) {
    case 'text':
      return { value: raw };
    case 'number':
      return /^\d{1,15}$/.test(raw) ? { value: Number(raw) } : { fault: 'must be a whole number' };
    case 'boolean': {
      const flag = raw.toLowerCase();
      return flag === 'true' || flag === 'false'
        ? { value: flag === 'true' }
        : { fault: 'must be true or false' };
    }
    case 'list':
      if (/^\s*\[/.test(raw)) return readJson(raw);
      return {
        value: raw
          .split(';')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      };
    case 'division':
      if (/^\s*\{/.test(raw)) return readJson(raw);
      // Showpad's ids look so; people know Divisions by their names.
      return { value: /^[0-9a-f]{32}$/.test(raw) ? raw : { name: raw } };
    case 'json':
      return readJson(raw);
  }
}

function readJson(text: string): Cell {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { fault: 'is not JSON' };
  }
}
