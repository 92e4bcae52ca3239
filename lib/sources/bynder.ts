import * as z from 'zod';
import { normalizeTime } from '../event-order.ts';
import { faultsOf } from '../events.ts';
import { mappingSchema, mergeMappings } from './mapping.ts';
import { delaySchema, notBefore, originSchema } from './request-template.ts';
import {
  commonSettings,
  topicArnSchema,
  type Payload,
  type Source,
  type SourceAdapter,
  type Translation,
} from './source.ts';
import { fillEvents, parseJson, unreadable } from './vendor-event.ts';

export const bynderSettings = z.strictObject({
  adapter: z.literal('bynder'),
  /** Bynder's notifications are signed by SNS, with no secret of ours. */
  secrets: z.array(z.string()).max(0, 'must be left out').default([]),
  ...commonSettings,
  /** The topic that Bynder publishes to. */
  topicArn: topicArnSchema,
  /** The portal, which is asked for files and their details with the credential of this source. */
  portal: originSchema,
  /** Bynder recommends to wait 2 to 5 seconds before it is asked. */
  delaySeconds: delaySchema.default(5),
  /** How what `GET /api/v4/media/{id}/` answers is mapped. */
  mapping: mappingSchema.optional(),
});
type BynderSource = z.output<typeof bynderSettings> & Source;

/** How Bynder's media are mapped where the source says nothing else; the payload itself only names them. */
const defaultMapping = mappingSchema.parse({
  file: { name: { path: 'name', extension: 'extension' } },
  metadata: { name: 'name', description: 'description', tags: 'tags' },
});
const payloadMapping = mappingSchema.parse({ file: { name: 'media_id' } });

const envelopeSchema = z.looseObject({
  Type: z.literal('Notification', { error: 'must be "Notification"' }),
  MessageId: z.string().min(1),
  Subject: z.string().min(1),
  Message: z.string(),
  Timestamp: z.string(),
});
const messageSchema = z.looseObject({
  media_id: z.string().regex(/^[0-9A-Za-z-]{1,100}$/, 'must be the id of a media'),
});

const types: Readonly<Record<string, string>> = {
  'asset_bank.media.create': 'asset.upsert',
  'asset_bank.media.upload': 'asset.upsert',
  'asset_bank.media.uploaded': 'asset.upsert',
  'asset_bank.media.updated': 'asset.upsert',
  'asset_bank.media.meta_updated': 'asset.upsert',
  'asset_bank.media.archived': 'asset.archive',
  'asset_bank.media.deleted': 'asset.delete',
};

/**
 * Bynder's notifications: the envelope of SNS as a door has verified it, whose subject says what has happened and whose
 * message names the media. File and details are asked for from the portal.
 * https://support.bynder.com/hc/en-us/articles/360013875360
 * https://api.bynder.com/reference
 */
export const bynderAdapter: SourceAdapter = { verify, translate, readsSnsMessage: true };

/** Bynder sends by SNS, which signs what the door believes. */
function verify(): string {
  return 'Bynder signs nothing itself: subscribe this address to its SNS topic, the "topicArn" of this source.';
}

function translate(source: BynderSource, { headers, body, receivedAt }: Payload): Translation {
  const envelope = envelopeSchema.safeParse(parseJson(body), { reportInput: true });
  if (!envelope.success) return unreadable(faultsOf(envelope.error));
  const { MessageId: id, Subject, Message, Timestamp } = envelope.data;
  const value = parseJson(Buffer.from(Message));
  const known = Object.hasOwn(types, Subject) ? types[Subject] : undefined;
  const message = messageSchema.safeParse(value, { reportInput: true });
  if (!message.success && known !== undefined) return unreadable(faultsOf(message.error, ['Message']));
  const subject = message.success ? message.data.media_id : Subject;
  const media = `${source.portal}/api/v4/media/${subject}/`;
  const request = {
    request: `${media}download/`,
    link: 's3_file',
    ...notBefore(Timestamp, receivedAt, source.delaySeconds),
    details: { request: media, mapping: mergeMappings(defaultMapping, source.mapping) },
  };
  const event = {
    id,
    subject,
    type: known ?? Subject,
    time: known === 'asset.archive' ? aLittleLater(Timestamp) : Timestamp,
    ...(known === 'asset.upsert' && { request }),
  };
  return fillEvents([event], payloadMapping, { body: value, headers }, receivedAt);
}

/** An archive comes with a `meta_updated` of the same moment, in no order, which must not bring the media back. */
function aLittleLater(time: string): string {
  const known = normalizeTime(time);
  return known === null ? time : new Date(Date.parse(known) + 2_000).toISOString();
}
