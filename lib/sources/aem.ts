import * as z from 'zod';
import { faultsOf } from '../events.ts';
import { isSignedByAdobe } from './adobe-signature.ts';
import { applyMapping } from './apply-mapping.ts';
import { mappingSchema, mergeMappings } from './mapping.ts';
import { delaySchema, notBefore, originSchema } from './request-template.ts';
import {
  commonSettings,
  type Delivery,
  type Payload,
  type Source,
  type SourceAdapter,
  type Translation,
} from './source.ts';
import { fillEvents, parseJson, unreadable } from './vendor-event.ts';

export const aemSettings = z.strictObject({
  adapter: z.literal('aem'),
  /** Adobe signs with keys of its own, of which it publishes the public halves. */
  secrets: z.array(z.string()).max(0, 'must be left out').default([]),
  ...commonSettings,
  /** The client id of the project in the Adobe Developer Console that the events are registered for. */
  clientId: z.string().min(8).max(200),
  /** The author instance, which is asked for files with the credential of this source. */
  author: originSchema,
  /** How long to wait before it is asked. */
  delaySeconds: delaySchema.default(0),
  /** The public keys to believe, as PEM, instead of those that Adobe publishes. */
  publicKeys: z
    .array(z.string().regex(/^-----BEGIN PUBLIC KEY-----\n/, 'must be a public key as PEM'))
    .min(1)
    .max(5)
    .optional(),
  mapping: mappingSchema.optional(),
});
type AemSource = z.output<typeof aemSettings> & Source;

/** How AEM's assets are mapped where the source says nothing else. */
const defaultMapping = mappingSchema.parse({
  file: {
    name: 'data.repositoryMetadata["repo:name"]',
    mediaType: 'data.repositoryMetadata["dc:format"]',
    size: 'data.repositoryMetadata["repo:size"]',
  },
  metadata: {
    name: 'data.assetMetadata["dc:title"]',
    description: 'data.assetMetadata["dc:description"]',
    tags: 'data.assetMetadata["dc:subject"]',
  },
});

const repositorySchema = z.looseObject({
  'repo:assetId': z.string().optional(),
  'repo:path': z.string().regex(/^\//, 'must begin with a slash').optional(),
  'repo:repositoryId': z.string().optional(),
});
const payloadSchema = z.looseObject({
  id: z.string().min(1),
  type: z.string().min(1),
  time: z.string(),
  data: z.looseObject({
    assetId: z.string().optional(),
    repositoryMetadata: repositorySchema.default({}),
  }),
});

const types: Readonly<Record<string, string>> = {
  // An asset that was created is being processed; its own event says when that is done.
  'aem.assets.asset.processing_completed': 'asset.upsert',
  'aem.assets.asset.updated': 'asset.upsert',
  'aem.assets.asset.metadata_updated': 'asset.metadata',
  'aem.assets.asset.deleted': 'asset.delete',
};

/**
 * Asset events of AEM as a Cloud Service, sent by Adobe I/O Events. What can be verified: that Adobe I/O signed the
 * body, and that it is for our client id. Neither a time nor a path is signed; an event that is played again has the
 * same id, and so the same job.
 * https://developer.adobe.com/events/docs/guides/sdk/sdk-signature-verification
 */
export const aemAdapter: SourceAdapter = { verify, translate, answerChallenge };

/**
 * Adobe I/O Events asks whether the address is ours when it is registered. The answer says nothing to anybody else.
 * https://developer.adobe.com/events/docs/guides/
 */
function answerChallenge({ challenge = '' }: Readonly<Record<string, string | undefined>>) {
  return /^[\w-]{1,200}$/.test(challenge) ? { challenge } : null;
}

async function verify(source: AemSource, { headers, body }: Delivery): Promise<string | null> {
  const value = parseJson(body);
  const recipient = z
    .looseObject({ recipient_client_id: z.string().optional(), recipientclientid: z.string().optional() })
    .safeParse(value).data;
  const clientId = recipient?.recipientclientid ?? recipient?.recipient_client_id;
  if (clientId !== source.clientId) return 'recipient_client_id is missing, or another client is meant.';
  return isSignedByAdobe(headers, body, source.publicKeys);
}

function translate(source: AemSource, { headers, body, receivedAt }: Payload): Translation {
  const value = parseJson(body);
  if (value === undefined) return unreadable([{ field: '(body)', message: 'is not JSON' }]);
  const parsed = payloadSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) return unreadable(faultsOf(parsed.error));
  const { id, type, time, data } = parsed.data;
  const {
    'repo:assetId': repositoryAssetId,
    'repo:path': path,
    'repo:repositoryId': host,
  } = data.repositoryMetadata;
  const subject = data.assetId ?? repositoryAssetId;
  const reading = { body: value, headers };
  const mapping = mergeMappings(defaultMapping, source.mapping);
  const isElsewhere = host !== undefined && host !== new URL(source.author).host;
  const known = !isElsewhere && Object.hasOwn(types, type) ? types[type] : undefined;
  if (known === undefined)
    return fillEvents([{ id, subject: subject ?? type, type, time }], mapping, reading, receivedAt);
  if (known === 'asset.upsert' && path === undefined) {
    return unreadable([{ field: 'data.repositoryMetadata["repo:path"]', message: 'is missing' }], subject);
  }
  const isEmpty = applyMapping({ metadata: mapping.metadata }, reading).data.metadata === undefined;
  const event = {
    id,
    subject,
    // Metadata may have changed of which none is mapped.
    type: known === 'asset.metadata' && isEmpty ? type : known,
    time,
    ...(known === 'asset.upsert' && {
      request: {
        request: `${source.author}${encodePath(path ?? '')}`,
        ...notBefore(time, receivedAt, source.delaySeconds),
      },
    }),
  };
  return fillEvents([event], mapping, reading, receivedAt);
}

function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment.toWellFormed()))
    .join('/');
}
