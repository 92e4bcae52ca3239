import * as z from 'zod';

/**
 * How this Showpad behaves where Showpad's documents leave the question open. Every switch can be changed
 * while the emulator runs; the default is the reading that the documents support best.
 */
export const switchesSchema = z.strictObject({
  /** A second asset with the same externalId is refused with 409. */
  externalIdUnique: z.boolean(),
  /** Setting externalId is refused with this status, as for tokens whose application does not own the asset. */
  externalIdRefused: z.union([z.literal(400), z.literal(403)]).nullable(),
  /** How long a new asset stays invisible to GET /assets. Reading it by id works at once. */
  indexLagMs: z.number().min(0),
  archivedInLists: z.boolean(),
  /** Whether GET /assets shows assets that have never had a binary. */
  preparedInLists: z.boolean(),
  /** What POST /assets answers when it names a division, tag or author that does not exist. */
  unknownReferenceStatus: z.union([z.literal(400), z.literal(404)]),
  /**
   * How the upload link demands `uploadMeta.metadata`: as signed x-amz-meta-* headers, as query parameters of
   * the link itself (the header must then be left out), or as headers of a link without X-Amz-SignedHeaders.
   */
  uploadMetadataMode: z.enum(['signed-header', 'query', 'unsigned-params-absent']),
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
  /** Requests over this rate get 429; `retryAfterSeconds` null leaves the Retry-After header out. */
  rateLimit: z
    .strictObject({
      requestsPerSecond: z.number().positive(),
      retryAfterSeconds: z.number().min(0).nullable().default(1),
    })
    .nullable(),
});

export type Switches = z.infer<typeof switchesSchema>;

export const defaultSwitches: Readonly<Switches> = {
  externalIdUnique: false,
  externalIdRefused: null,
  indexLagMs: 0,
  archivedInLists: true,
  preparedInLists: true,
  unknownReferenceStatus: 404,
  uploadMetadataMode: 'signed-header',
  uploadUrlNull: false,
  statusDuringReprocessing: 'stays-active',
  concurrentFiles: 'last-processed',
  processingMs: 100,
  processingStuck: false,
  unknownStatus: null,
  problemStatusAsString: false,
  problemMetaAsObject: false,
  rateLimit: null,
};
