import * as z from 'zod';
import { cloudEventSchema, eventDataSchemas } from '../lib/events.ts';
import type { SchemaNode } from './schema-rules.ts';

type EventType = keyof typeof eventDataSchemas;

const purposes: Readonly<Record<EventType, string>> = {
  'asset.upsert': 'A file, or a link, is to be an asset in Showpad: it is made, or gets this content.',
  'asset.metadata': 'Fields and tags of an asset change. What is absent is left alone; null clears a field.',
  'asset.archive': 'An asset is taken out of sight.',
  'asset.restore': 'An archived asset comes back.',
  'asset.delete': 'An asset goes: archived, or deleted for ever where the source is set up so.',
  'tag.upsert': 'A tag is to be there in a Division.',
  'tag.delete': 'A tag is to be gone from a Division.',
  'myfiles.upload': 'A file is put into the My Files of people.',
};

/** What a reader wants to know of a field beside its form, by where it stands. */
const descriptions: Readonly<Record<string, string | undefined>> = {
  id: 'Unique for the source: the same id is the same event, however often it comes.',
  source:
    'Where the event comes from. Through the queue it names the source, by its name or one of its "knownAs".',
  subject: "The source's own id of the content: events of one subject are about one asset.",
  time: 'When it happened: it orders the events of a subject. Without it and "sequence", they count as they come in.',
  sequence: 'Orders the events of a subject instead of "time": texts of one length that grow.',
  traceparent: 'The W3C trace that the event came about in.',
  'data.file': 'A file that the connector fetches.',
  'data.file.url': 'Where the file is fetched, by GET, without credentials.',
  'data.file.name': 'The name with its extension, by which Showpad knows the type.',
  'data.file.size': 'Bytes; the file must have just as many.',
  'data.file.md5': 'Must be that of the file. One that Showpad has already is not sent again.',
  'data.file.sha256': 'Must be that of the file.',
  'data.url': 'A link that becomes a URL asset.',
  'data.division': 'By id or name; without it, that of the source.',
  'data.metadata.name': 'The name of the asset; without it, that of the file.',
  'data.metadata.division': 'By id or name; without it, that of the source. An asset stays in its Division.',
  'data.metadata.tags': 'All tags that the asset is to have: names, ids, or names in a category.',
  'data.metadata.languages': 'Codes such as en or pt-BR.',
  'data.metadata.countries': 'ISO 3166-1 codes of two letters.',
  'data.metadata.authors': 'E-mail addresses or ids of users of Showpad.',
  'data.metadata.expiresAt': 'An instant with a time zone, such as 2026-11-30T09:00:00Z.',
  'data.metadata.releasedAt': 'An instant with a time zone, such as 2026-11-30T09:00:00Z.',
  'data.metadata.draftedAt': 'An instant with a time zone, such as 2026-11-30T09:00:00Z.',
  'data.tags': 'Tags that are added and removed, whatever else the asset has.',
  'data.recipients': 'E-mail addresses of users of Showpad.',
  'data.folder': 'Where in My Files: / or a path of folder ids.',
};

/** The JSON Schema of each event as a whole, by its file. */
export const eventSchemas: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  (Object.keys(purposes) as EventType[]).map((type) => [
    eventSchemaFile(type),
    cloudEventSchema
      .extend({ type: z.literal(type), data: eventDataSchemas[type] })
      .meta({ title: type, description: purposes[type] }),
  ]),
);

/** `docs/events/asset-upsert.schema.json` */
export function eventSchemaFile(type: string): string {
  return `docs/events/${type.replace('.', '-')}.schema.json`;
}

/** Adds what a field of an event is for, where its name does not say it. */
export function describeEventField({ jsonSchema, path }: SchemaNode): void {
  const isField = path.every((part, index) => index % 2 === 1 || part === 'properties');
  const said = descriptions[path.filter((_part, index) => index % 2 === 1).join('.')];
  if (isField && path.length % 2 === 0 && said !== undefined) jsonSchema.description ??= said;
}
