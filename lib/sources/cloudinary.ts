import { createHash } from 'node:crypto';
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
import { fillEvents, parseJson, unreadable, type VendorEvent } from './vendor-event.ts';

export const cloudinarySettings = signed(
  z.strictObject({
    adapter: z.literal('cloudinary'),
    /** API secrets of the product environment. */
    secrets: secretsOf(z.string().min(16, 'must have at least 16 characters').max(200)),
    ...commonSettings,
    /** What the account signs its notifications with. */
    algorithm: z.enum(['sha1', 'sha256']).default('sha1'),
    /** How far the sender's clock may be off; the SDKs of Cloudinary take two hours. */
    toleranceSeconds: z.int().min(1).max(86_400).default(7_200),
    /** By what an asset is known: its public id, which a rename changes, or its asset id, which older payloads lack. */
    subject: z.enum(['public_id', 'asset_id']).default('public_id'),
    mapping: mappingSchema.optional(),
  }),
);
type CloudinarySource = z.output<typeof cloudinarySettings> & Source;

/** How Cloudinary's assets are mapped where the source says nothing else. */
const defaultMapping = mappingSchema.parse({
  file: {
    url: { path: ['secure_url', 'url'] },
    name: { path: ['display_name', 'original_filename', 'public_id'], extension: 'format' },
    size: 'bytes',
    md5: 'etag',
  },
  metadata: { tags: 'tags', name: 'context.custom.caption', description: 'context.custom.alt' },
});

const text = z.string().min(1);
const resourceShape = {
  public_id: text.optional(),
  asset_id: text.optional(),
  resource_type: text.optional(),
  type: text.optional(),
  added: z.array(z.unknown()).optional(),
  removed: z.array(z.unknown()).optional(),
};
const resourceSchema = z.looseObject(resourceShape);
type Resource = z.output<typeof resourceSchema>;
const payloadSchema = z.looseObject({
  notification_type: text,
  timestamp: z.string().optional(),
  ...resourceShape,
  from_public_id: text.optional(),
  to_public_id: text.optional(),
  /** A list, or an object by public id. */
  resources: z.union([z.array(resourceSchema), z.record(z.string(), resourceSchema)]).optional(),
});

/**
 * Cloudinary's notifications, signed by a hash over body, timestamp and API secret.
 * https://cloudinary.com/documentation/notifications
 * https://cloudinary.com/documentation/notification_signatures
 */
export const cloudinaryAdapter: SourceAdapter = { verify, translate, headersOf: () => ['x-cld-timestamp'] };

function verify(source: CloudinarySource, { headers, body, receivedAt }: Delivery): string | null {
  const signature = headers['x-cld-signature'];
  const timestamp = headers['x-cld-timestamp'];
  if (!signature || !timestamp) return 'The headers x-cld-signature and x-cld-timestamp must both be there.';
  if (!/^[0-9]{10}$/.test(timestamp)) return 'x-cld-timestamp must be Unix seconds.';
  const ageSeconds = Math.abs(Math.floor(receivedAt.getTime() / 1_000) - Number(timestamp));
  if (ageSeconds > source.toleranceSeconds) {
    return `x-cld-timestamp is ${ageSeconds} seconds off our clock; at most ${source.toleranceSeconds} are taken.`;
  }
  const candidate = readDigest(signature, 'hex', source.algorithm);
  const digests = source.secrets.map((secret) =>
    createHash(source.algorithm).update(body).update(timestamp).update(secret).digest(),
  );
  return candidate !== null && matchesAny(digests, [candidate])
    ? null
    : 'The signature was not accepted: no matching signature found.';
}

function translate(source: CloudinarySource, { headers, body, receivedAt }: Payload): Translation {
  const value = parseJson(body);
  if (value === undefined) return unreadable([{ field: '(body)', message: 'is not JSON' }]);
  const parsed = payloadSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return unreadable(faultsOf(parsed.error));
  const payload = parsed.data;
  const seconds = headers['x-cld-timestamp'] ?? '';
  const time =
    payload.timestamp ??
    (/^\d{10}$/.test(seconds) ? new Date(Number(seconds) * 1_000).toISOString() : undefined);
  // A notification has no id of its own; sent again it is the same, byte for byte.
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);
  const subjectOf = (resource: Resource, publicId = resource.public_id): string | undefined =>
    source.subject === 'asset_id'
      ? resource.asset_id
      : publicId && `${resource.resource_type ?? 'image'}/${resource.type ?? 'upload'}/${publicId}`;
  const events = happened(source, payload, subjectOf);
  if (events === null) {
    const field = source.subject === 'asset_id' ? 'asset_id' : 'secure_url';
    const message = `is missing: a rename says nothing of the file. Set "subject" to "asset_id", or rename by a new upload`;
    return unreadable([{ field, message }], subjectOf(payload, payload.from_public_id));
  }
  return fillEvents(
    events.map((event, index) => ({ ...event, id: `${payload.notification_type}-${digest}-${index}`, time })),
    mergeMappings(defaultMapping, source.mapping),
    { body: value, headers },
    receivedAt,
  );
}

/** What a notification says; null for a rename that leaves the file behind. */
function happened(
  { subject: knownBy }: CloudinarySource,
  payload: z.output<typeof payloadSchema>,
  subjectOf: (resource: Resource, publicId?: string) => string | undefined,
): Omit<VendorEvent, 'id'>[] | null {
  const { notification_type: type, from_public_id: from, to_public_id: to, resources = [] } = payload;
  const listed = Array.isArray(resources)
    ? resources
    : Object.entries(resources).map(([key, resource]) => ({ public_id: key, ...resource }));
  const all: readonly Resource[] = listed.length > 0 ? listed : [payload];
  switch (type) {
    case 'upload':
      return [{ subject: subjectOf(payload), type: 'asset.upsert' }];
    case 'delete':
      return all.map((resource) => ({ subject: subjectOf(resource), type: 'asset.delete' }));
    case 'resource_tags_changed':
      return all.map((resource) => {
        const { added = [], removed = [] } = resource;
        const isChange = added.length > 0 || removed.length > 0;
        const tags = { add: added, remove: removed };
        return { subject: subjectOf(resource), ...(isChange ? { type: 'asset.metadata', tags } : { type }) };
      });
    case 'rename':
      if (knownBy === 'asset_id') return [{ subject: subjectOf(payload), type }];
      if (!('secure_url' in payload)) return null;
      return [
        { subject: subjectOf(payload, from), type: 'asset.delete' },
        { subject: subjectOf(payload, to), type: 'asset.upsert' },
      ];
    default:
      return [{ subject: subjectOf(payload) ?? subjectOf(all[0] ?? {}) ?? type, type }];
  }
}
