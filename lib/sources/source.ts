import * as z from 'zod';
import type { ConnectorEvent, Fault } from '../events.ts';

export const topicArnSchema = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[\w-]{1,256}(?:\.fifo)?$/,
    'must be the ARN of an SNS topic',
  );

/** The ways by which a source's events come in. */
export const doors = ['https', 'queue', 'inbox'] as const;
export type Door = (typeof doors)[number];

/** Settings that every source has, whatever its adapter; each adapter adds its own, `adapter` and `secrets` first. */
export const commonSettings = {
  /** The doors that are open to it: signed webhooks, the events' queue, and its folder of the inbox bucket. */
  doors: z
    .array(z.enum(doors))
    .min(1, 'must list at least one door')
    .default([...doors]),
  /** What else than its own name it calls itself in events that come through the queue, such as `com.acme.dam`. */
  knownAs: z.array(z.string().min(1).max(256)).max(20, 'must list at most 20 names').default([]),
  /** The topic whose messages are its own. */
  topicArn: topicArnSchema.optional(),
  /** The Division of events that name none, by id or {"name"}. */
  division: z.union([z.string().min(1), z.strictObject({ name: z.string().min(1) })]).optional(),
  /** How many events it may send in a minute; what is more is answered with 429. */
  eventsPerMinute: z.int().min(1).max(1_000_000).default(60_000),
  /**
   * How many hours it may be silent before an alarm says so, where what is learned of it is not wanted; 0 for ever.
   * It counts from the source's first event on.
   */
  quietHours: z.number().min(0).max(720).optional(),
  /** The media types of the files it may send, such as `application/pdf` and `image/*`; without it, all of them. */
  types: z
    .array(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9.+-]*\/(?:\*|[a-z0-9][a-z0-9.+-]*)$/, 'must be a media type or image/*'),
    )
    .min(1, 'must list at least one type')
    .max(100, 'must list at most 100 types')
    .optional(),
  /** Whether a tag that an event names, and its Division does not have, is made. */
  createTags: z.boolean().default(true),
  /** What becomes of a file that is in a person's My Files already: the upload fails, or is made as "name (2)". */
  onConflict: z.enum(['fail', 'rename']).default('fail'),
  /** Whether a file for My Files that Showpad could not process is used as it is. */
  onProcessingFailed: z.enum(['fail', 'forceUse']).default('fail'),
  /** What `asset.delete` means. A delete is permanent in Showpad. */
  onDelete: z.enum(['archive', 'delete']).default('archive'),
} as const;

const commonSchema = z.object(commonSettings);

/** An external system set up to send events, as far as all of them are alike. */
export type Source = z.output<typeof commonSchema> & {
  readonly name: string;
  readonly adapter: string;
  /** Every secret listed is accepted, so that one can be replaced without losing an event. */
  readonly secrets: readonly string[];
};

/** A list of up to five secrets of one form; `signed` says when there must be one. */
export function secretsOf(secret: z.ZodType<string>) {
  return z.array(secret).max(5, 'must list at most five secrets').default([]);
}

/** The settings of a source that signs its webhooks with a secret of ours, unless it sends none. */
export function signed<
  Settings extends z.ZodType<{
    secrets: readonly string[];
    doors: readonly Door[];
    topicArn?: string | undefined;
  }>,
>(settings: Settings): Settings {
  return settings.refine(
    ({ secrets, doors: open, topicArn }) =>
      secrets.length > 0 || !open.includes('https') || topicArn !== undefined,
    { path: ['secrets'], message: 'is missing: list at least one, or leave "https" out of "doors"' },
  );
}

/** What a source said, by whatever door it came. */
export interface Payload {
  /** The inbox alone, whose notifications say where to look instead of what is wanted. */
  readonly door?: Extract<Door, 'inbox'>;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the sender signed, byte for byte. */
  readonly body: Buffer;
  readonly receivedAt: Date;
}

/** A payload that came in over HTTP and is not believed yet. */
export interface Delivery extends Payload {
  readonly method: string;
  /** Path and query as the sender called them. */
  readonly path: string;
}

export type Translation =
  | {
      readonly kind: 'events';
      readonly events: readonly ConnectorEvent[];
      /** Where the values of each event came from, for whoever wants to see it. */
      readonly origins?: readonly Readonly<Record<string, string>>[];
    }
  /** The sender is told, and sends it again when it is right. */
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] }
  | { readonly kind: 'unsupported'; readonly message: string }
  /** The sender would not send it again: it is taken and kept until it can be read. */
  | { readonly kind: 'unreadable'; readonly faults: readonly Fault[]; readonly subject?: string | undefined };

/** How one kind of source is set up, proves who it is, and what its payloads mean. */
export interface SourceAdapter {
  /**
   * For the HTTP door alone: null when the delivery is the source's own, else why it was not believed; never a secret
   * or a digest.
   */
  verify(source: Source, delivery: Delivery): string | null | Promise<string | null>;
  /** What a payload means, once a door believes it. The same payload always means the same events. */
  translate(source: Source, payload: Payload): Translation;
  /**
   * What a vendor wants to hear back before it sends anything, where it asks by GET; null when it did not ask its way.
   */
  answerChallenge?(query: Readonly<Record<string, string | undefined>>): Record<string, string> | null;
  /** Whether it reads a message of SNS as a whole, instead of the text in it. */
  readonly readsSnsMessage?: boolean;
  /** The headers, in lower case, without which its payloads cannot be translated. */
  headersOf?(source: Source): readonly string[];
}
