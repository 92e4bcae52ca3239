import { createHash } from 'node:crypto';
import { objectKeyOf, objectRecordSchema, type ObjectRecord } from '../object-event.ts';
import type { Payload } from '../sources/source.ts';

/** "Look at this object": what a notification of S3 is worth to us, and what the event that it leads to is called. */
export interface ObjectNotice {
  readonly key: string;
  readonly isRemoval: boolean;
  readonly time: string;
  readonly eventId: string;
}

const usualLength = 32;

/** A notification as the payload of its source: what is needed to look at the object again. */
export function payloadOfRecord(record: ObjectRecord): Payload {
  const { eventName, eventTime, s3 } = record;
  const { key, sequencer } = s3.object;
  const kept = { eventName, eventTime, s3: { bucket: { name: s3.bucket.name }, object: { key, sequencer } } };
  return {
    door: 'inbox',
    headers: {},
    body: Buffer.from(JSON.stringify(kept)),
    receivedAt: new Date(eventTime),
  };
}

/**
 * The notification in a payload. Its event's id is the same however often it is delivered, and begins with the
 * sequencer, so that of two events of one millisecond the later one counts as later: sequencers of one key are
 * compared as texts, the shorter one filled up with zeros at its right.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function noticeOf({ body }: Payload): ObjectNotice {
  const record = objectRecordSchema.parse(JSON.parse(body.toString('utf8')));
  const { eventName, eventTime, s3 } = record;
  const key = objectKeyOf(record);
  const sequencer = s3.object.sequencer.toUpperCase().padEnd(usualLength, '0');
  const digest = createHash('sha256').update(JSON.stringify([key, eventName, sequencer, eventTime]));
  return {
    key,
    isRemoval: eventName.startsWith('ObjectRemoved:'),
    time: eventTime,
    eventId: `${sequencer}-${digest.digest('hex').slice(0, 24)}`,
  };
}
