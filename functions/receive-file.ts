// InboxQueue → a file in the inbox bucket becomes an upsert, one that is gone an archive.
import { acceptPayload } from '../lib/accept-payload.ts';
import { bindWork } from '../lib/current-work.ts';
import { sqsHandler } from '../lib/handlers.ts';
import { placeOf, type InboxPlace } from '../lib/inbox/inbox-place.ts';
import { payloadOfRecord } from '../lib/inbox/object-notice.ts';
import { objectEventSchema, objectKeyOf, type ObjectRecord } from '../lib/object-event.ts';
import type { Services } from '../lib/services.ts';
import type { Source } from '../lib/sources/source.ts';

export const handler = sqsHandler(objectEventSchema, async ({ Records }, { services }) => {
  for (const record of Records) await receiveFile(record, services);
});

/** Safe to repeat: the same notification is the same event. What is thrown brings it back, and leaves the object. */
async function receiveFile(record: ObjectRecord, services: Services): Promise<void> {
  const key = objectKeyOf(record);
  const place = record.s3.bucket.name === services.config.INBOX_BUCKET ? placeOf(key) : null;
  if (place === null) {
    services.logger.info('a notification is of no file in the inbox', { key });
    return;
  }
  const source = await sourceOf(place, services);
  await bindWork({ about: { source: source.name, subject: place.fileKey } }, () =>
    acceptPayload(source, payloadOfRecord(record), services, { isAnswered: false }),
  );
  await services.roster.tell(services.sources.latest);
}

async function sourceOf({ source: name, fileKey }: InboxPlace, { sources }: Services): Promise<Source> {
  const put = 'put it under inbox/{source}/ of one that there is';
  if (name === null) throw new Error(`${fileKey} lies in no source's folder: ${put}, and delete this one.`);
  const source = await sources.find(name);
  if (source === undefined) {
    throw new Error(`${fileKey} is of no source: there is no “${name}”. Set it up, and redrive; or ${put}.`);
  }
  if (source.doors.includes('inbox')) return source;
  throw new Error(
    `${fileKey} is of a source that the inbox is closed to: add "inbox" to the "doors" of “${name}”, and redrive.`,
  );
}
