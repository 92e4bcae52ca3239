import * as z from 'zod';
import { defaultV3Switches, v3Switches } from './v3/switches.ts';

/**
 * How this Showpad behaves where Showpad's documents leave the question open. Every switch can be changed
 * while the emulator runs; the default is the reading that the documents support best.
 */
export const switchesSchema = z.strictObject({
  /** A second asset with the same externalId is refused with 409. */
  externalIdUnique: z.boolean(),
  /** Setting externalId is refused with this status, as for tokens whose application does not own the asset. */
  externalIdRefused: z.union([z.literal(400), z.literal(403)]).nullable(),
  /** Names of body fields (`description`, `permissions.isEditable`) that POST /assets[/{assetId}] refuses with 400. */
  refusedFields: z.array(z.string()),
  /** What permissions left out of an update's `permissions` become: the schema's defaults, or what they were. */
  partialPermissions: z.enum(['reset', 'kept']),
  /**
   * How long a new asset stays invisible to GET /assets, and every creation, change and deletion to
   * POST /assets/query. Reading an asset by id works at once.
   */
  indexLagMs: z.number().min(0),
  /** How long every creation, change and deletion of a tag stays invisible to GET /tags. */
  tagIndexLagMs: z.number().min(0),
  /** Whether GET /assets shows archived assets. */
  archivedInLists: z.boolean(),
  /** Whether GET /assets and POST /assets/query show assets that have never had a binary. */
  preparedInLists: z.boolean(),
  /** The most assets that a page of POST /assets/query holds, whatever its limit: pages may hold fewer. */
  queryPageMaximum: z.int().min(1).nullable(),
  /** POST /assets/query refuses every cursor, as after large changes of the data. */
  staleCursors: z.boolean(),
  /** Which tags, and which tag categories, of a Division count as the same name and get 409. */
  tagNameUniqueness: z.enum(['case-sensitive', 'case-insensitive', 'none']),
  /** The parameter exactName of GET /tags finds names that differ in case only. */
  exactNameIgnoresCase: z.boolean(),
  /** Names of tags that filters use, besides those seeded so: deleting them gets 409. */
  tagsUsedInFilters: z.array(z.string()),
  /** Whether an asset takes tags of another Division that are not shared. */
  tagsOfOtherDivisions: z.enum(['refused', 'accepted']),
  /** What adding a tag to a tag category that has it already does. */
  repeatedTagLink: z.enum(['ignored', 'conflict']),
  /** What POST /assets answers when it names a division, tag or author that does not exist. */
  unknownReferenceStatus: z.union([z.literal(400), z.literal(404)]),
  /**
   * How the upload link demands `uploadMeta.metadata`: as signed x-amz-meta-* headers, as query parameters of
   * the link itself (the header must then be left out), or as headers of a link without X-Amz-SignedHeaders.
   */
  uploadMetadataMode: z.enum(['signed-header', 'query', 'unsigned-params-absent']),
  /** How fast the bodies of uploads are taken, by link and by form; null: as fast as they come. */
  uploadBytesPerSecond: z.number().positive().nullable(),
  /** POST …/files answers `uploadUrl: null`, which the schema allows. */
  uploadUrlNull: z.boolean(),
  /** What the status of an asset that is in use does while a new version is processed. */
  statusDuringReprocessing: z.enum(['stays-active', 'walks-again']),
  /** Which of several files of an asset ends as its currentFile. */
  concurrentFiles: z.enum(['last-processed', 'newest-created']),
  /** Time between two steps of prepared → queued → processing → active. */
  processingMs: z.number().min(0),
  /** Files stay in `processing` until this is switched off. */
  processingStuck: z.boolean(),
  /** A status that no document knows, shown between `queued` and `processing`. */
  unknownStatus: z.string().nullable(),
  problemStatusAsString: z.boolean(),
  problemMetaAsObject: z.boolean(),
  /**
   * Requests over this rate get 429; `retryAfterSeconds` null leaves the Retry-After header out. They are counted
   * over a sliding second (the default), in each second of the clock, or by a token bucket that fills at this rate
   * and holds `burst` (by default a second's worth).
   */
  rateLimit: z
    .strictObject({
      kind: z.enum(['sliding', 'fixed', 'bucket']).exactOptional(),
      requestsPerSecond: z.number().positive(),
      burst: z.number().min(1).exactOptional(),
      retryAfterSeconds: z.number().min(0).nullable().default(1),
    })
    .nullable(),
  ...v3Switches,
});

export type Switches = z.infer<typeof switchesSchema>;

export const defaultSwitches: Readonly<Switches> = {
  externalIdUnique: false,
  externalIdRefused: null,
  refusedFields: [],
  partialPermissions: 'reset',
  indexLagMs: 0,
  tagIndexLagMs: 0,
  archivedInLists: true,
  preparedInLists: true,
  queryPageMaximum: null,
  staleCursors: false,
  tagNameUniqueness: 'case-sensitive',
  exactNameIgnoresCase: false,
  tagsUsedInFilters: [],
  tagsOfOtherDivisions: 'refused',
  repeatedTagLink: 'ignored',
  unknownReferenceStatus: 404,
  uploadMetadataMode: 'signed-header',
  uploadBytesPerSecond: null,
  uploadUrlNull: false,
  statusDuringReprocessing: 'stays-active',
  concurrentFiles: 'last-processed',
  processingMs: 100,
  processingStuck: false,
  unknownStatus: null,
  problemStatusAsString: false,
  problemMetaAsObject: false,
  rateLimit: null,
  ...defaultV3Switches,
};
