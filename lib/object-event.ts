import * as z from 'zod';

/** What S3 says of one object; one that was removed has neither size nor ETag. */
export const objectRecordSchema = z.object({
  eventName: z.string(),
  eventTime: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      /** As in a form: `a+b` is `a b`. */
      key: z.string(),
      size: z.number().default(0),
      eTag: z.string().default(''),
      sequencer: z.string().default(''),
    }),
  }),
});
export type ObjectRecord = z.output<typeof objectRecordSchema>;

/**
 * What S3 sends to a queue when objects are put or removed, and once, as a test, when it is told of the queue.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const objectEventSchema = z.union([
  z.object({ Records: z.array(objectRecordSchema) }),
  z.object({ Event: z.literal('s3:TestEvent') }).transform(() => ({ Records: [] })),
]);
export type ObjectEvent = z.output<typeof objectEventSchema>;

/** The key of the object that a record is about. */
export function objectKeyOf({ s3 }: ObjectRecord): string {
  return decodeURIComponent(s3.object.key.replaceAll('+', ' '));
}
