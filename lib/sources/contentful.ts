import { createHmac } from 'node:crypto';
import { escape } from 'node:querystring';
import * as z from 'zod';
import { faultsOf } from '../events.ts';
import { matchesAny, readDigest } from './hmac.ts';
import { mappingSchema, mergeMappings } from './mapping.ts';
import {
  commonSettings,
  secretsOf,
  signed,
  type Delivery,
  type Payload,
  type Source,
  type SourceAdapter,
  type Translation,
} from './source.ts';
import { fillEvents, parseJson, unreadable } from './vendor-event.ts';

export const contentfulSettings = signed(
  z.strictObject({
    adapter: z.literal('contentful'),
    /** The signing secrets of the space. https://www.contentful.com/developers/docs/webhooks/secrets */
    secrets: secretsOf(
      z.string().regex(/^[A-Za-z0-9+/=_-]{64}$/, 'must be the 64 characters that Contentful shows'),
    ),
    ...commonSettings,
    /** Texts and files are taken in this locale; a file that has none in it, in the first that it has. */
    locale: z.string().min(2).max(50).default('en-US'),
    /** What happens in other environments of the space is ignored. */
    environment: z.string().min(1).max(64).default('master'),
    /** How far the sender's clock may be off; Contentful's own default is 30 s. */
    toleranceSeconds: z.int().min(1).max(3_600).default(300),
    mapping: mappingSchema.optional(),
  }),
);
type ContentfulSource = z.output<typeof contentfulSettings> & Source;

/** How Contentful's assets are mapped where the source says nothing else. */
const defaultMapping = mappingSchema.parse({
  file: {
    url: { path: ['fields.file.{locale}.url', 'fields.file.*.url'] },
    name: { path: ['fields.file.{locale}.fileName', 'fields.file.*.fileName'] },
    mediaType: { path: ['fields.file.{locale}.contentType', 'fields.file.*.contentType'] },
    size: { path: ['fields.file.{locale}.details.size', 'fields.file.*.details.size'] },
  },
  metadata: {
    name: 'fields.title.{locale}',
    description: 'fields.description.{locale}',
    tags: 'metadata.tags[*].sys.id',
  },
});

const payloadSchema = z.looseObject({
  sys: z.looseObject({
    id: z.string().min(1),
    environment: z.looseObject({ sys: z.looseObject({ id: z.string() }) }).optional(),
    updatedAt: z.string().optional(),
    deletedAt: z.string().optional(),
    archivedAt: z.string().optional(),
  }),
});

/** What the topics mean; an asset that is taken out of the archive is a draft still. */
const types: Readonly<Record<string, string>> = {
  publish: 'asset.upsert',
  unpublish: 'asset.archive',
  archive: 'asset.archive',
  delete: 'asset.delete',
};

/**
 * Contentful's webhooks about assets, with its request verification.
 * https://www.contentful.com/developers/docs/extensibility/webhooks/request-verification
 * https://www.contentful.com/developers/docs/webhooks/headers
 */
export const contentfulAdapter: SourceAdapter = {
  verify,
  translate,
  headersOf: () => ['x-contentful-topic'],
};

function verify(
  source: ContentfulSource,
  { method, path, headers, body, receivedAt }: Delivery,
): string | null {
  const signature = headers['x-contentful-signature'];
  const signedHeaders = headers['x-contentful-signed-headers'];
  const timestamp = headers['x-contentful-timestamp'];
  if (!signature || !signedHeaders || !timestamp) {
    return 'The headers x-contentful-signature, x-contentful-signed-headers and x-contentful-timestamp must all be there. Enable request verification in the webhook settings.';
  }
  if (!/^[0-9]{13}$/.test(timestamp)) return 'x-contentful-timestamp must be Unix milliseconds.';
  const ageSeconds = Math.abs(receivedAt.getTime() - Number(timestamp)) / 1_000;
  if (ageSeconds > source.toleranceSeconds) {
    return `x-contentful-timestamp is ${Math.round(ageSeconds)} seconds off our clock; at most ${source.toleranceSeconds} are taken.`;
  }
  const names = signedHeaders.toLowerCase().split(',', mostSignedHeaders + 1);
  if (names.length > mostSignedHeaders) return 'x-contentful-signed-headers lists too many headers.';
  // What is not signed anybody may have written; the topic says what is to be done.
  const unsigned = mustBeSigned.filter((name) => !names.includes(name));
  if (unsigned.length > 0) return `x-contentful-signed-headers must list ${unsigned.join(', ')}.`;
  const canonical = Buffer.concat([
    Buffer.from(`${method}\n${encodedPath(path)}\n${canonicalHeaders(names, headers)}\n`),
    body,
  ]);
  const candidate = readDigest(signature, 'hex');
  const digests = source.secrets.map((secret) => createHmac('sha256', secret).update(canonical).digest());
  return candidate !== null && matchesAny(digests, [candidate])
    ? null
    : 'The signature was not accepted: no matching signature found.';
}

const mostSignedHeaders = 50;
const mustBeSigned = ['x-contentful-signed-headers', 'x-contentful-timestamp', 'x-contentful-topic'];

function canonicalHeaders(names: readonly string[], headers: Delivery['headers']): string {
  return names
    .filter((name) => Object.hasOwn(headers, name))
    .toSorted()
    .map((name) => `${name}:${headers[name]?.trim()}`)
    .join(';');
}

/** As Contentful writes it: the query escaped whole, and then path and query once more. */
function encodedPath(path: string): string {
  const [pathname = '', search = ''] = path.toWellFormed().split('?');
  return encodeURI(search === '' ? pathname : `${pathname}?${escape(search)}`);
}

function translate(source: ContentfulSource, { headers, body, receivedAt }: Payload): Translation {
  const topic = headers['x-contentful-topic'] ?? '';
  const value = parseJson(body);
  if (value === undefined) return unreadable([{ field: '(body)', message: 'is not JSON' }]);
  const parsed = payloadSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return unreadable(faultsOf(parsed.error));
  const { id: subject, environment, updatedAt, deletedAt, archivedAt } = parsed.data.sys;
  const [, entity = '', action = ''] = /^ContentManagement\.(\w+)\.(\w+)$/.exec(topic) ?? [];
  if (entity === '')
    return unreadable([{ field: 'x-contentful-topic', message: 'is missing or none' }], subject);
  const isElsewhere = environment !== undefined && environment.sys.id !== source.environment;
  const known =
    entity === 'Asset' && !isElsewhere && Object.hasOwn(types, action) ? types[action] : undefined;
  // All of these are Contentful's own clock; versions and revisions count different things on different topics.
  const time = (action === 'archive' ? archivedAt : deletedAt) ?? updatedAt;
  if (known !== undefined && time === undefined) {
    return unreadable([{ field: 'sys.updatedAt', message: 'is missing' }], subject);
  }
  const event = {
    // Contentful may send one event twice, from two webhooks even.
    id: `${environment?.sys.id ?? ''}:${topic}:${subject}:${time ?? ''}`,
    subject,
    type: known ?? topic,
    time,
  };
  const reading = { body: value, headers, parameters: { locale: source.locale } };
  return fillEvents([event], mergeMappings(defaultMapping, source.mapping), reading, receivedAt);
}
