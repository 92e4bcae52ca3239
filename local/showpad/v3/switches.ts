import * as z from 'zod';

/** How API v3 behaves where Showpad's documents leave the question open (see `switchesSchema`). */
export const v3Switches = {
  /** How a ticket names its asset: see `renderTicket`. `object-at-once` names it before it is processed. */
  ticketAsset: z.enum(['object', 'link', 'null-then-object', 'object-at-once']),
  /** Which uploads are answered with a Ticket: those of types that Showpad processes, all, or none. */
  uploadAnswer: z.enum(['by-type', 'ticket', 'asset']),
  /** The status of a successful upload, in HTTP and in `meta.code`. */
  uploadStatus: z.union([z.literal(200), z.literal(201), z.literal(202)]),
  /** How many reads of a completed ticket still name no asset. */
  completedReadsWithoutAsset: z.int().min(0),
  /** Whether tickets tell the id that their asset will have. */
  provisionalAssetId: z.enum(['told', 'left-out']),
  /** How long a new ticket is answered with 404 and left out of lists. */
  ticketLagMs: z.number().min(0),
  /** How long after its end a ticket can be read; null: for ever. */
  ticketRetentionMs: z.number().min(0).nullable(),
  /** Whether the element of a failed ticket may be used all the same. */
  canBeForceUsed: z.boolean(),
  /** How tickets write times: as newer samples do, as older ones do, or as the document declares them. */
  ticketTimes: z.enum(['with-offset', 'without-offset', 'date']),
  /** What the status of a cancelled ticket reads; null: the ticket is gone. */
  cancelledTicketStatus: z.string().nullable(),
  /** What counts as existing already in a person's My Files and gets 409. */
  myFilesConflict: z.enum(['off', 'same-name', 'same-content']),
  /** Whether uploads that are still processed count for `myFilesConflict` too. */
  unfinishedUploadsConflict: z.boolean(),
  requiresIsPersonal: z.boolean(),
  requiresPostProcessingInstructions: z.boolean(),
  /** The spellings of the folder's key in postProcessingInstructions that are understood. */
  folderKey: z.enum(['both', 'materialisedPath', 'materializedPath']),
  /** Whether anything but POST into other people's My Files is refused with 403. */
  othersMyFiles: z.enum(['post-only', 'readable']),
  /** Whether GET /divisions/{id}/tickets counts as such a request. */
  othersTickets: z.enum(['refused', 'readable']),
  /** Whether users show the limits of their My Files. The limits hold in any case. */
  personalLimitsTold: z.boolean(),
  /** How the text filters of GET /users compare. */
  userFilters: z.enum(['ignore-case', 'exact', 'partial']),
  /** Every request of API v3 counts; over the limit they get 429. `retryAfterSeconds` null: no Retry-After. */
  v3Budget: z.strictObject({
    limit: z.int().min(0),
    windowSeconds: z.number().positive(),
    retryAfterSeconds: z.number().min(0).nullable().default(null),
  }),
  /** Whether `meta.requestRateLimitReset` is the length of the window or what is left of it. */
  v3BudgetReset: z.enum(['window', 'countdown']),
  /** Errors are answered with HTTP 200, as if every request had suppress_response_codes=true. */
  errorsUnderHttp200: z.boolean(),
  /** How OAuth clients may sign in to the token endpoint. */
  oauthClientAuthentication: z.enum(['both', 'basic', 'body']),
  /** How long access tokens that are issued from now on are valid. */
  accessTokenSeconds: z.number().min(0),
  /** The same of refresh tokens. */
  refreshTokenSeconds: z.number().min(0),
  /** What a refresh does: its token is used up or lives on beside a new one, or there is no new one. */
  refreshTokenRotation: z.enum(['old-dies', 'old-lives', 'none']),
  /** How the token endpoint writes `expires_in`. */
  expiresInForm: z.enum(['number', 'text']),
  /** The form of the token endpoint's errors. */
  oauthErrors: z.enum(['rfc6749', 'envelope']),
};

export const defaultV3Switches = {
  ticketAsset: 'object',
  uploadAnswer: 'by-type',
  uploadStatus: 201,
  completedReadsWithoutAsset: 0,
  provisionalAssetId: 'told',
  ticketLagMs: 0,
  ticketRetentionMs: null,
  canBeForceUsed: true,
  ticketTimes: 'with-offset',
  cancelledTicketStatus: 'failed',
  myFilesConflict: 'same-name',
  unfinishedUploadsConflict: false,
  requiresIsPersonal: true,
  requiresPostProcessingInstructions: true,
  folderKey: 'both',
  othersMyFiles: 'post-only',
  othersTickets: 'readable',
  personalLimitsTold: true,
  userFilters: 'ignore-case',
  // Frozen, because every emulator begins with this same object.
  v3Budget: Object.freeze({ limit: 5000, windowSeconds: 86_400, retryAfterSeconds: null }),
  v3BudgetReset: 'window',
  errorsUnderHttp200: false,
  oauthClientAuthentication: 'both',
  accessTokenSeconds: 3600,
  refreshTokenSeconds: 14 * 86_400,
  refreshTokenRotation: 'old-dies',
  expiresInForm: 'number',
  oauthErrors: 'rfc6749',
} as const;
