import * as z from 'zod';

const common = {
  MessageId: z.string().min(1).max(100),
  TopicArn: z.string().min(1).max(1_000),
  Message: z.string(),
  Timestamp: z.string().max(100),
};
const signature = {
  SignatureVersion: z.string().max(10).optional(),
  Signature: z.string().max(2_000).optional(),
  SigningCertURL: z.string().max(2_000).optional(),
};
const attributeSchema = z.object({ Type: z.string(), Value: z.string() });

/** What SNS sends when something is published to a topic, without raw message delivery. */
export const snsNotificationSchema = z.object({
  Type: z.literal('Notification'),
  ...common,
  ...signature,
  Subject: z.string().optional(),
  MessageAttributes: z.record(z.string(), attributeSchema).optional(),
});
/** What SNS sends before anything else, and after a subscription has ended. */
export const snsConfirmationSchema = z.object({
  Type: z.enum(['SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  ...common,
  ...signature,
  Token: z.string().max(2_000),
  SubscribeURL: z.string().max(4_000),
});

/**
 * A message of SNS, as it comes by HTTPS or in a queue.
 * https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
 */
export const snsMessageSchema = z.discriminatedUnion('Type', [snsNotificationSchema, snsConfirmationSchema]);
export type SnsNotification = z.output<typeof snsNotificationSchema>;
export type SnsConfirmation = z.output<typeof snsConfirmationSchema>;
export type SnsMessage = z.output<typeof snsMessageSchema>;
