import type * as z from 'zod';
import { fileSchema, type eventDataSchemas } from '../events.ts';
import { metadataSchema } from '../metadata.ts';

/** How the text of a cell is read. */
export type Kind = 'text' | 'number' | 'boolean' | 'list' | 'division' | 'json';

export interface Column {
  readonly kind: Kind;
  /** Where its value goes in the data of the event; null for those that are no part of it. */
  readonly path: readonly string[] | null;
  /** Whether `null` clears the field. */
  readonly isClearable: boolean;
}

const lists = ['tags', 'languages', 'countries', 'authors', 'downloadableInternal', 'downloadableExternal'];
const json = ['lockedPages', 'enforcedPages', 'localization'];
const texts = ['description', 'expiresAt', 'releasedAt', 'draftedAt'];

function kindOf(name: string): Kind {
  if (name === 'division') return 'division';
  if (lists.includes(name)) return 'list';
  if (json.includes(name)) return 'json';
  return texts.includes(name) ? 'text' : 'boolean';
}

function metadataColumns(): [string, Column][] {
  const fields: [string, z.ZodType][] = Object.entries(metadataSchema.shape);
  return fields.flatMap(([name, schema]): [string, Column][] => {
    if (name === 'name') return [];
    if (name === 'permissions') {
      const rights = Object.keys(metadataSchema.shape.permissions.unwrap().shape);
      return rights.map((right) => [
        right,
        { kind: 'boolean', path: ['metadata', name, right], isClearable: false },
      ]);
    }
    const isClearable = schema.safeParse(null).success;
    return [[name, { kind: kindOf(name), path: ['metadata', name], isClearable }]];
  });
}

const own = (kind: Kind, path: readonly string[] | null = null): Column => ({
  kind,
  path,
  isClearable: false,
});

/** The columns that a manifest may have, by name; every metadata field of an event is among them. */
export const columns: ReadonlyMap<string, Column> = new Map<string, Column>([
  ['subject', own('text')],
  ['url', own('text')],
  ['key', own('text')],
  ['link', own('text', ['url'])],
  ['name', own('text', ['metadata', 'name'])],
  ['fileName', own('text', ['file', 'name'])],
  ...Object.keys(fileSchema.shape)
    .filter((name) => name !== 'url' && name !== 'name')
    .map((name): [string, Column] => [name, own(name === 'size' ? 'number' : 'text', ['file', name])]),
  ...metadataColumns(),
]);

/** The column that a place in the data of an event comes from, as `parseCloudEvent` names places. */
export function columnOf(field: string): string {
  const place = field.replace(/^data\.?/, '').replaceAll(/\[\d+\]/g, '');
  if (place === 'file.url') return 'url';
  const found = [...columns].find(
    ([, { path }]) => path !== null && (place === path.join('.') || place.startsWith(`${path.join('.')}.`)),
  );
  return found?.[0] ?? (field === 'subject' ? 'subject' : '');
}

/**
 * Checks the header of a CSV manifest.
 * @returns what is wrong with it; null when nothing is
 */
export function headerFault(names: readonly string[]): string | null {
  const known = [...columns.keys()].join(', ');
  const [only = '', ...others] = names;
  if (others.length === 0 && /[;\t]/.test(only)) {
    return 'separates its columns with semicolons or tabs: save the file with commas';
  }
  const unknown = names.filter((name) => !columns.has(name));
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 10).map((name) => `“${name.slice(0, 60)}”`);
    return `has columns that are not known: ${shown.join(', ')}. The known ones are ${known}`;
  }
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) return `has the column “${twice[0] ?? ''}” twice`;
  if (!names.includes('subject')) return `lacks the column “subject”. The known ones are ${known}`;
  return names.length === 1 ? 'has no column but “subject”: it asks for nothing' : null;
}

/** The types of event that a row can be. */
export type RowEventType = Extract<keyof typeof eventDataSchemas, 'asset.upsert' | 'asset.metadata'>;
