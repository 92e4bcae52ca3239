import * as z from 'zod';

const reference = z.strictObject({ id: z.string().min(1) });
const pageRange = z.strictObject({ start: z.int().min(1), end: z.int().min(1) });
const pageRanges = z.array(pageRange);
const dateTime = z.iso
  .datetime({ offset: true, error: 'Must be a date-time in ISO 8601 format.' })
  .transform((text) => new Date(text).toISOString())
  .nullable();
const languages = z.array(
  z.strictObject({ code: z.string().refine(isLanguageTag, { error: 'Must be a BCP 47 language tag.' }) }),
);
const countries = z.array(
  z.strictObject({ code: z.string().regex(/^[A-Z]{2}$/u, { error: 'Must be an ISO 3166-1 alpha-2 code.' }) }),
);
const authors = z.array(reference);
const downloadable = z.array(z.enum(['original', 'pdf']));

const permissions = z.strictObject({
  isAnnotatable: z.boolean().optional(),
  isEditable: z.boolean().optional(),
  isShareable: z.boolean().optional(),
});

export const originSchema = z.union(
  [
    z.strictObject({ type: z.literal('local'), id: z.literal('showpad') }),
    z.strictObject({ type: z.literal('oauth2client') }),
  ],
  { error: 'Must be a local origin with id showpad, or the origin oauth2client without an id.' },
);

const fields = {
  externalId: z.string().min(1).max(128).nullable().optional(),
  description: z.string().nullable().optional(),
  permissions: permissions.optional(),
  isProcessedUsed: z.boolean().optional(),
  isDivisionShared: z.boolean().optional(),
  isSensitive: z.boolean().optional(),
  isArchived: z.boolean().nullable().optional(),
  isRenderExternalAllowed: z.boolean().optional(),
  isOnlyEntireDocumentShareable: z.boolean().optional(),
  isSpeakerNotesEnabled: z.boolean().optional(),
  lockedPages: pageRanges.optional(),
  enforcedPages: z
    .strictObject({ prepend: pageRanges.nullable().optional(), append: pageRanges.nullable().optional() })
    .nullable()
    .optional(),
  expiresAt: dateTime.optional(),
  releasedAt: dateTime.optional(),
  draftedAt: dateTime.optional(),
  url: z
    .url({ protocol: /^https?$/u, error: 'Must be an http or https URL.' })
    .nullable()
    .optional(),
  tags: z.array(reference).optional(),
  authors: authors.optional(),
  languages: languages.optional(),
  countries: countries.optional(),
  downloadableInternal: downloadable.optional(),
  downloadableExternal: downloadable.optional(),
  origin: originSchema.optional(),
};

const linkedVariant = z.strictObject({
  asset: z.strictObject({
    id: z.string().min(1),
    languages: languages.optional(),
    countries: countries.optional(),
    authors: authors.optional(),
  }),
});
const placeholderVariant = z.strictObject({
  asset: z.strictObject({ languages, countries, authors: authors.optional() }),
});
const localization = z.strictObject({
  primary: z.strictObject({ asset: reference }),
  variants: z
    .array(
      z.union([linkedVariant, placeholderVariant], {
        error: 'Must be an existing asset, or a placeholder with languages and countries.',
      }),
    )
    .max(50),
});

const name = z.string().min(1);

/** The body of POST /assets. */
export const createAssetSchema = z.strictObject({ name, division: reference, ...fields });

/** The body of POST /assets/{assetId}: without `division`, which is fixed for life, and with `localization`. */
export const updateAssetSchema = z.strictObject({
  name: name.optional(),
  ...fields,
  localization: localization.nullable().optional(),
});

export type CreateAssetBody = z.infer<typeof createAssetSchema>;
export type UpdateAssetBody = z.infer<typeof updateAssetSchema>;

function isLanguageTag(code: string): boolean {
  try {
    return Intl.getCanonicalLocales(code).length === 1;
  } catch {
    return false;
  }
}
