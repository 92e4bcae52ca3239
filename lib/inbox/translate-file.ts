import { isUnaccepted } from '../accept-events.ts';
import { assetKey } from '../asset-key.ts';
import type { Asset } from '../asset-state.ts';
import { wishesOf } from '../desired-state.ts';
import { eventOrder, normalizeTime } from '../event-order.ts';
import { fileSchema, parseCloudEvent, type ConnectorEvent, type Fault } from '../events.ts';
import { cleanFileName } from '../file-name.ts';
import { jobId, type Job } from '../jobs.ts';
import { inboxUrl } from '../inbox-url.ts';
import type { Services } from '../services.ts';
import type { Payload, Source, Translation } from '../sources/source.ts';
import { mergeFields, readObjectMetadata, readSidecar, type ReadFields } from './file-metadata.ts';
import { headObject, readSmallObject, type ObjectHead } from './inbox-object.ts';
import { hasDotSegment, lastPart, placeOf, sidecarOf, type InboxPlace } from './inbox-place.ts';
import { noticeOf, type ObjectNotice } from './object-notice.ts';

/** What the bucket, as it is now, asks for. */
type Look =
  | { readonly asks: 'nothing'; readonly why: string }
  | { readonly asks: 'mending'; readonly faults: readonly Fault[] }
  | { readonly asks: 'asset.upsert' | 'asset.metadata' | 'asset.archive'; readonly data: object };

const largestSidecarBytes = 256 * 1024;
// What S3, or who puts an object, says of a type that nobody knows.
const unknownTypes: readonly (string | undefined)[] = [
  undefined,
  '',
  'binary/octet-stream',
  'application/octet-stream',
];

/**
 * What a notification of the inbox means. It only says "look at this key": a file that is there becomes an upsert,
 * one that is not an archive. S3 is strongly consistent, so whoever handles a notification sees a state at least as
 * new as it, and the event of the newest notification, which wins, has seen the last state: any number of them, in any
 * order, ends there. A file that is replaced while it is fetched is fetched again for the notification that follows,
 * and what goes to Showpad goes once, by its checksum.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
 */
export async function translateFile(
  source: Source,
  payload: Payload,
  services: Services,
): Promise<Translation> {
  const notice = noticeOf(payload);
  const place = placeOf(notice.key);
  if (place === null) return none;
  const known = await services.jobs.get(jobId(source.name, notice.eventId));
  if (known !== null && !isUnaccepted(known)) {
    services.telemetry.eventRedelivered(known);
    return none;
  }
  const look = place.isSidecar
    ? await lookAtSidecar(source, place, notice, known, services)
    : await lookAtFile(source, place, notice, services);
  if (look.asks === 'nothing') {
    services.logger.info('nothing comes of an object in the inbox', { key: notice.key, why: look.why });
    return none;
  }
  const subject = place.fileKey;
  if (look.asks === 'mending') return { kind: 'unreadable', faults: look.faults, subject };
  const eventNamed = (id: string) => {
    const said = { type: look.asks, subject, time: notice.time, data: look.data };
    return parseCloudEvent({ specversion: '1.0', id, source: '/inbox', ...said }, payload.receivedAt);
  };
  const parsed = eventNamed(notice.eventId);
  // A name that is no subject would be none of the job either.
  if ('faults' in parsed) return { kind: 'unreadable', faults: parsed.faults };
  // Its first delivery died between its writes, and the bucket has changed since: what that job asks for is no more.
  const isOther = known !== null && !covers(parsed.event, known, source);
  const renamed = isOther ? eventNamed(`${notice.eventId}-again`) : parsed;
  return { kind: 'events', events: 'event' in renamed ? [renamed.event] : [] };
}

const none: Translation = { kind: 'events', events: [] };

function covers(event: ConnectorEvent, { type, wishes }: Job, { onDelete }: Source): boolean {
  const laid = new Set<string>(wishesOf(event, onDelete).map(({ path }) => path));
  return event.type === type && wishes.every((path) => laid.has(path));
}

async function lookAtFile(
  source: Source,
  { fileKey }: InboxPlace,
  { isRemoval }: ObjectNotice,
  services: Services,
): Promise<Look> {
  if (hasDotSegment(fileKey)) {
    if (isRemoval) return { asks: 'nothing', why: 'nothing had come of it' };
    return { asks: 'mending', faults: [{ field: fileKey, message: 'must not have . or .. as a part' }] };
  }
  const inbox = await services.inbox();
  const file = await headObject(inbox, fileKey);
  if (file !== null) {
    const sidecar = await readBeside(inbox, fileKey);
    return upsertOf(inbox.bucket, fileKey, file, withSidecar(file, sidecar));
  }
  const asset = await services.assets.get(assetKey(source.name, fileKey));
  // It went before anybody looked.
  if (asset === null) return { asks: 'nothing', why: 'it is gone, and nothing has come of it' };
  return { asks: 'asset.archive', data: {} };
}

async function lookAtSidecar(
  source: Source,
  { fileKey }: InboxPlace,
  { isRemoval, time }: ObjectNotice,
  known: Job | null,
  services: Services,
): Promise<Look> {
  if (isRemoval) return { asks: 'nothing', why: 'metadata that is gone changes nothing' };
  const inbox = await services.inbox();
  const file = hasDotSegment(fileKey) ? null : await headObject(inbox, fileKey);
  if (file === null) return { asks: 'nothing', why: 'its file is not there, and reads it when it comes' };
  const second = (date: Date): number => Math.floor(date.getTime() / 1_000);
  if (second(file.lastModified) > second(new Date(time))) {
    return { asks: 'nothing', why: 'its file has come since, and reads it' };
  }
  const sidecar = await readBeside(inbox, fileKey);
  if (sidecar === null) return { asks: 'nothing', why: 'metadata that is gone changes nothing' };
  const read = withSidecar(file, sidecar);
  const asset = await services.assets.get(assetKey(source.name, fileKey));
  // A notification that comes again is the same event again.
  const type = known?.type ?? (hasFile(asset, file) ? 'asset.metadata' : 'asset.upsert');
  if (type !== 'asset.metadata') return upsertOf(inbox.bucket, fileKey, file, read);
  if ('faults' in read) return { asks: 'mending', faults: read.faults };
  if (Object.keys(read.fields).length === 0) return { asks: 'nothing', why: 'it says nothing of its file' };
  return { asks: 'asset.metadata', data: { metadata: read.fields } };
}

/** Whether the asset is made, and its state knows of the file that is there now, as far as S3 tells when it came. */
function hasFile(asset: Asset | null, { lastModified }: ObjectHead): boolean {
  const time = normalizeTime(lastModified.toISOString()) ?? '';
  const content = asset?.desired.content;
  return (
    asset?.applied.assetId !== undefined &&
    content !== undefined &&
    content.order >= eventOrder({ id: '', time })
  );
}

/** Without size and checksum: the object may be another by the time it is fetched. */
function upsertOf(bucket: string, fileKey: string, { mediaType }: ObjectHead, read: ReadFields): Look {
  if ('faults' in read) return { asks: 'mending', faults: read.faults };
  const isTyped =
    !unknownTypes.includes(mediaType) && fileSchema.shape.mediaType.safeParse(mediaType).success;
  const name = cleanFileName(lastPart(fileKey));
  const file = { url: inboxUrl(bucket, fileKey), name, ...(isTyped && { mediaType }) };
  return { asks: 'asset.upsert', data: { file, metadata: read.fields } };
}

async function readBeside(
  inbox: Parameters<typeof readSmallObject>[0],
  fileKey: string,
): Promise<ReadFields | null> {
  const key = sidecarOf(fileKey);
  const content = key === null ? null : await readSmallObject(inbox, key, largestSidecarBytes);
  if (key === null || content === null) return null;
  if (typeof content !== 'number') return readSidecar(key, content);
  const message = `has ${content} bytes; at most ${largestSidecarBytes} are read`;
  return { faults: [{ field: key, message }] };
}

function withSidecar({ metadata }: ObjectHead, sidecar: ReadFields | null): ReadFields {
  const all = [readObjectMetadata(metadata), sidecar ?? { fields: {} }];
  const faults = all.flatMap((read) => ('faults' in read ? read.faults : []));
  if (faults.length > 0) return { faults };
  const [object = {}, beside = {}] = all.map((read) => ('fields' in read ? read.fields : {}));
  return { fields: mergeFields(object, beside) };
}
