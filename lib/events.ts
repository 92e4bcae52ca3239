import * as z from 'zod';
import { eventOrder, normalizeTime, type EventOrder } from './event-order.ts';
import { cleanFileName } from './file-name.ts';
import { divisionSchema, lineText, metadataSchema, tagSchema } from './metadata.ts';
import { mappingSchema } from './sources/mapping.ts';
import { traceIdOfParent } from './trace-id.ts';

const md5 = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
// Only the form is checked here: an address that may not be fetched fails the job with a reason of its own.
const url = z
  .string()
  .max(8_192, 'must be at most 8192 characters')
  .refine((text) => text.isWellFormed() && URL.canParse(text), 'must be an absolute URL');
// Nothing is fetched from the link of a URL asset: it goes to the people who open it.
const link = url.refine((text) => /^https?:/i.test(text), 'must be an http or https URL');

export const fileSchema = z.strictObject({
  url,
  name: lineText(255).transform(cleanFileName),
  mediaType: z
    .string()
    .max(255)
    .regex(/^[\w.+-]+\/[\w.+-]+(;[ -~]*)?$/, 'must be a media type such as application/pdf')
    .optional(),
  size: z.int().min(0).optional(),
  md5: md5.optional(),
  sha256: sha256.optional(),
});
export type SourceFile = z.output<typeof fileSchema>;

const { url: _url, ...announcements } = fileSchema.shape;
/** A file without a link: whoever stages it asks the vendor's API for one, with the credential of the source. */
export const requestedFileSchema = z.strictObject({
  ...announcements,
  /** What is asked for, by GET. It comes from the source's settings and is never a stranger's choice. */
  request: url,
  /** Where the link stands in the JSON that answers; without it the answer is the file itself. */
  link: z.string().min(1).max(500).optional(),
  /** The vendor may not have finished with the file before. */
  notBefore: z.iso.datetime().optional(),
  /** Where the API tells what the payload did not, and how that is mapped. */
  details: z.strictObject({ request: url, mapping: mappingSchema }).optional(),
});
export type RequestedFile = z.output<typeof requestedFileSchema>;

const upsertFields = {
  file: fileSchema.optional(),
  url: link.optional(),
  metadata: metadataSchema.optional(),
};
const upsertData = z
  .strictObject(upsertFields)
  .refine((data) => (data.file === undefined) !== (data.url === undefined), {
    message: 'must have either "file" or "url", not both and not neither',
  })
  .meta({ oneOf: [{ required: ['file'] }, { required: ['url'] }] });
const translatedUpsertData = z
  .strictObject({ ...upsertFields, requested: requestedFileSchema.optional() })
  .refine((data) => [data.file, data.url, data.requested].filter((one) => one !== undefined).length === 1, {
    message: 'must have one of "file", "url" and "requested"',
  });
const metadataData = z
  .strictObject({
    metadata: metadataSchema.optional(),
    tags: z
      .strictObject({
        add: z.array(tagSchema).max(500).optional(),
        remove: z.array(tagSchema).max(500).optional(),
      })
      .optional(),
  })
  .refine(({ metadata, tags }) => asksForSomething(metadata) || asksForSomething(tags), {
    message: 'must ask for something in "metadata" or "tags"',
  });

function asksForSomething(part: object | undefined): boolean {
  return Object.values(part ?? {}).some((value: unknown) => {
    const isEmptyObject = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    return value !== undefined && (!isEmptyObject || Array.isArray(value));
  });
}

const tagData = z.strictObject({ name: lineText(255), division: divisionSchema.optional() });
const fileName = lineText(255)
  .refine((text) => !/["/\\]/.test(text), 'must not hold a slash or a quote')
  .refine((text) => /[^.]\.[A-Za-z0-9]{1,10}$/.test(text), 'must have an extension, such as .pdf')
  .transform(cleanFileName);
const pushData = z
  .strictObject({
    recipients: z
      .array(z.email('must be an e-mail address').max(254))
      .min(1, 'must name at least one person')
      .max(500, 'must name at most 500 people'),
    file: fileSchema,
    name: fileName.optional(),
    description: z.string().max(20_000).optional(),
    folder: z
      .string()
      .max(2_000)
      .regex(/^\/(?:[0-9a-f]{64}\/)*$/, 'must be / or a path of 64-digit folder ids, such as /<id>/')
      .optional(),
  })
  .refine((data) => data.name !== undefined || fileName.safeParse(data.file.name).success, {
    path: ['file', 'name'],
    message: 'must have an extension and no slash or quote, or "name" must be given',
  });
const noData = z.strictObject({}).nullable().optional();

/** The events that are understood, by CloudEvents `type`; each value is the schema of its `data`. */
export const eventDataSchemas = {
  'asset.upsert': upsertData,
  'asset.metadata': metadataData,
  'asset.archive': noData,
  'asset.restore': noData,
  'asset.delete': noData,
  'tag.upsert': tagData,
  'tag.delete': tagData,
  'myfiles.upload': pushData,
} as const;
/** The same for what an adapter made of a vendor's payload: only there a file may have to be asked for. */
export const translatedDataSchemas = { ...eventDataSchemas, 'asset.upsert': translatedUpsertData } as const;
type DataByType = {
  [Type in keyof typeof translatedDataSchemas]: z.output<(typeof translatedDataSchemas)[Type]>;
};
type KnownEvent = {
  [Type in keyof DataByType]: { readonly type: Type; readonly data: DataByType[Type] };
}[keyof DataByType];

/** An event as a source told it, checked; `order` places it among the events of its subject. */
export type ConnectorEvent = EventEnvelope &
  (KnownEvent | { readonly type: 'ignored'; readonly ignoredType: string });
export interface EventEnvelope {
  readonly id: string;
  readonly subject: string;
  readonly time: string;
  readonly order: EventOrder;
  /** That of the trace in which the event came about, if it says so. */
  readonly traceId?: string;
}

const attribute = (maximum: number) => lineText(maximum);
/** What every event has around its data. */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', { error: 'must be "1.0"' }),
  id: attribute(512),
  source: attribute(2_048),
  type: attribute(255),
  subject: attribute(1_024),
  time: z
    .string()
    .refine(
      (text) => normalizeTime(text) !== null,
      'must be an RFC 3339 instant, such as 2026-11-30T09:00:00Z',
    )
    .optional(),
  sequence: z
    .string()
    .regex(/^[!-~]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces')
    .optional(),
  datacontenttype: z
    .string()
    .regex(/^application\/json\s*(;.*)?$/i, 'must be application/json')
    .optional(),
  // https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md
  // What is no trace is ignored: it says nothing about the content.
  traceparent: z.unknown().transform(traceIdOfParent).optional(),
  data_base64: z.undefined({ error: 'is not taken: send JSON in "data"' }).optional(),
});

/** One thing wrong with one field of a request. */
export interface Fault {
  readonly field: string;
  readonly message: string;
}
export type Parsed = { readonly event: ConnectorEvent } | { readonly faults: readonly Fault[] };

const longestFieldName = 200;

/** What is wrong, by field. */
export function faultsOf(error: z.ZodError, prefix: readonly PropertyKey[] = []): Fault[] {
  return error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ field: fieldName([...path, key]), message: 'is not a known field' }));
    }
    const missing = issue.code === 'invalid_type' && issue.input === undefined;
    return [{ field: fieldName(path), message: missing ? 'is missing' : issue.message }];
  });
}

function fieldName(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return cut(text.replace(/^\./, '')) || '(body)';
}

/** The names of unknown fields are a stranger's: no more of them than helps. */
function cut(text: string): string {
  return text.length > longestFieldName ? `${text.slice(0, longestFieldName)}…` : text;
}

/**
 * Checks one CloudEvent (CloudEvents 1.0 JSON format) and its data against the contract.
 * Never throws: it answers with the event or with every field that is wrong.
 * @param receivedAt orders an event that carries neither time nor sequence
 * @param prefix where the event stands in the request, for the names of fields
 * @param schemas what `data` may hold, by type
 */
export function parseCloudEvent(
  body: unknown,
  receivedAt: Date,
  prefix: readonly PropertyKey[] = [],
  schemas: typeof eventDataSchemas | typeof translatedDataSchemas = eventDataSchemas,
): Parsed {
  const envelope = cloudEventSchema.safeParse(body, { reportInput: true });
  const known = typeOf(body);
  const data =
    known === undefined ? undefined : schemas[known].safeParse(dataOf(body), { reportInput: true });
  if (!envelope.success || data?.success === false) {
    return {
      faults: [
        ...(envelope.success ? [] : faultsOf(envelope.error, prefix)),
        ...(data?.success === false ? faultsOf(data.error, [...prefix, 'data']) : []),
      ],
    };
  }
  const { id, subject, type, sequence, traceparent: traceId } = envelope.data;
  const time = normalizeTime(envelope.data.time ?? receivedAt.toISOString()) ?? receivedAt.toISOString();
  const order = eventOrder({ id, time, sequence });
  const common = { id, subject, time, order, ...(traceId !== undefined && { traceId }) };
  if (known === undefined) return { event: { ...common, type: 'ignored', ignoredType: type } };
  // The schema was picked by the type, which TypeScript cannot follow through a table.
  return { event: { ...common, type: known, data: data?.data } as ConnectorEvent };
}

function typeOf(body: unknown): keyof DataByType | undefined {
  if (typeof body !== 'object' || body === null || !('type' in body)) return undefined;
  const { type } = body;
  return typeof type === 'string' && Object.hasOwn(eventDataSchemas, type)
    ? (type as keyof DataByType)
    : undefined;
}

function dataOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined;
}
