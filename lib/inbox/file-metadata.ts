import * as z from 'zod';
import { faultsOf, type Fault } from '../events.ts';
import { columns } from '../manifest/columns.ts';
import { put, readCell } from '../manifest/row-event.ts';
import { metadataSchema } from '../metadata.ts';
import { metadataText } from './metadata-text.ts';

type Fields = Readonly<Record<string, unknown>>;
export type ReadFields = { readonly fields: Fields } | { readonly faults: readonly Fault[] };

/** Names as headers may have them: `x-amz-meta-is_sensitive` is `isSensitive`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');
const fieldsByName = new Map(
  [...columns].flatMap(([name, { path, ...column }]) =>
    path?.[0] === 'metadata' ? [[plain(name), { ...column, path }]] : [],
  ),
);
const sidecarSchema = z.strictObject({ metadata: metadataSchema });

/**
 * What an object's own metadata says of the file, in the words of a manifest's columns. Names that are not known are
 * those of the tools that put it there, and passed over.
 */
export function readObjectMetadata(given: Readonly<Record<string, string>>): ReadFields {
  const faults: Fault[] = [];
  const data: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const column = fieldsByName.get(plain(name));
    const text = metadataText(value).trim();
    if (column === undefined || text === '') continue;
    const read = readCell(column, text);
    if ('fault' in read) faults.push({ field: header(name), message: read.fault });
    else put(data, column.path, read.value);
  }
  const fields = (data['metadata'] ?? {}) as Fields;
  for (const { field, message } of faultsIn(metadataSchema, fields)) {
    faults.push({ field: header(field.replace(/^permissions\./, '')), message });
  }
  return faults.length > 0 ? { faults } : { fields };
}

/** What the JSON beside a file says of it: `{"metadata": {…}}`, or the fields themselves, in UTF-8. */
export function readSidecar(key: string, content: Buffer): ReadFields {
  const value = parseJson(content);
  if (typeof value === 'string') return { faults: [{ field: key, message: value }] };
  const isWrapped = 'metadata' in value;
  const faults = faultsIn(isWrapped ? sidecarSchema : metadataSchema, value);
  const [first, ...others] = faults;
  if (first !== undefined) return { faults: [{ ...first, field: `${key}: ${first.field}` }, ...others] };
  return { fields: (isWrapped ? value['metadata'] : value) as Fields };
}

/** Both together: what stands beside the file wins, field by field. */
export function mergeFields(object: Fields, sidecar: Fields): Fields {
  const both = [object['permissions'], sidecar['permissions']];
  const permissions = Object.assign({}, ...both) as Fields;
  const hasPermissions = both.some((one) => one !== undefined);
  return { ...object, ...sidecar, ...(hasPermissions && { permissions }) };
}

function header(name: string): string {
  return `x-amz-meta-${name}`;
}

function faultsIn(schema: z.ZodType, value: unknown): Fault[] {
  const parsed = schema.safeParse(value, { reportInput: true });
  return parsed.success ? [] : faultsOf(parsed.error);
}

/** The object in a JSON text, or what it is instead. */
function parseJson(content: Buffer): Fields | string {
  let value: unknown;
  try {
    // It takes a byte order mark away.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (error) {
    return error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8';
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : 'must be a JSON object';
}
