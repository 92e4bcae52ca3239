import * as z from 'zod';
import type { ConnectorEvent, Fault } from '../events.ts';

const secret = z
  .string()
  .regex(/^(whsec_)?[A-Za-z0-9+/]+={0,2}$/, 'must be whsec_ and base64')
  .refine(
    (text) => Buffer.from(text.replace(/^whsec_/, ''), 'base64').length >= 16,
    'must hold at least 16 bytes',
  );

const sourceSchema = z.strictObject({
  adapter: z.literal('cloudevents').default('cloudevents'),
  /** Every secret listed is accepted, so that one can be replaced without losing an event. */
  secrets: z.array(secret).min(1, 'must list at least one secret').max(5, 'must list at most five secrets'),
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
});

/** An external system set up to send events. */
export type Source = z.output<typeof sourceSchema> & { readonly name: string };

export const sourcesSchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, at most 63'),
  sourceSchema,
);

/** A delivery as it came in: the body is what the sender signed, byte for byte. */
export interface Delivery {
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly receivedAt: Date;
}

export type Translation =
  | { readonly kind: 'events'; readonly events: readonly ConnectorEvent[] }
  | { readonly kind: 'invalid'; readonly faults: readonly Fault[] }
  | { readonly kind: 'unsupported'; readonly message: string };

/** How one kind of source proves who it is, and what its deliveries mean. */
export interface SourceAdapter {
  /** Null when the delivery is the source's own, else why it was not believed; never a secret or a digest. */
  verify(source: Source, delivery: Delivery): string | null;
  translate(source: Source, delivery: Delivery): Translation;
}

/**
 * Reads the secret that lists the sources.
 * @throws {Error} that names every bad field, never a value
 */
export function parseSources(json: string): ReadonlyMap<string, Source> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('The sources are not usable: they are not JSON.');
  }
  const parsed = sourcesSchema.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(all)'}: ${message}`);
    throw new Error(`The sources are not usable. ${faults.join('; ')}.`);
  }
  return new Map(Object.entries(parsed.data).map(([name, source]) => [name, { ...source, name }]));
}
