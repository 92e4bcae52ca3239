import * as z from 'zod';
import { normalizeTime } from './event-order.ts';
import { cleanTitle } from './file-name.ts';

const controlCharacters = /\p{Cc}/u;
/** Text of several lines. */
const longText = (maximum: number) =>
  z
    .string()
    .max(maximum, `must be at most ${maximum} characters`)
    .refine((value) => !/[^\P{Cc}\t\n\r]/u.test(value), 'must not hold control characters')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');
const lineText = (maximum: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(maximum, `must be at most ${maximum} characters`)
    .refine((text) => !controlCharacters.test(text), 'must not hold line breaks or control characters')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');

const id = lineText(128);
const byId = z.strictObject({ id });
const instant = z.string().transform((text, context) => {
  const normalized = normalizeTime(text);
  if (normalized !== null) return new Date(normalized).toISOString();
  context.addIssue({
    code: 'custom',
    message: 'must be an instant with a time zone, such as 2026-11-30T09:00:00Z',
  });
  return z.NEVER;
});
const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language code such as en or pt-BR');
const country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters (ISO 3166-1), such as DE')
  .refine((code) => code !== 'UK', 'must be GB: UK is no ISO 3166-1 code');
const pageRange = z
  .strictObject({ start: z.int().min(1), end: z.int().min(1) })
  .refine(({ start, end }) => start <= end, 'must not start after its end');
const download = z.array(z.enum(['original', 'pdf'])).max(2);
const email = z.email('must be an e-mail address');
const languages = z.array(language).max(500);
const countries = z.array(country).max(500);
const authors = z.array(z.union([email, byId], { error: 'must be an e-mail address or {"id"}' })).max(500);

const localizationVariant = z
  .strictObject({
    asset: z.strictObject({
      id: id.optional(),
      languages: z.array(z.strictObject({ code: language })).optional(),
      countries: z.array(z.strictObject({ code: country })).optional(),
      authors: z.array(byId).optional(),
    }),
    status: z.enum(['to-be-localized', 'outdated', 'localized']).optional(),
  })
  .refine(
    ({ asset }) => asset.id !== undefined || (asset.languages !== undefined && asset.countries !== undefined),
    'must link an asset by id or name its languages and countries',
  );

/** A tag as an event may name it. Tag names as Showpad's API v4 has them: 1–255 characters, no line breaks. */
export const tagSchema = z.union(
  [lineText(255), byId, z.strictObject({ name: lineText(255), category: lineText(255).optional() })],
  { error: 'must be a name, {"id"} or {"name","category"}' },
);

/** A Division as an event may name it. */
export const divisionSchema = z.union([id, byId, z.strictObject({ name: lineText(255) })], {
  error: 'must be an id, {"id"} or {"name"}',
});

/** Strips what an event may not set together: a field that is absent here stays absent, never a default. */
export const metadataSchema = z.strictObject({
  name: lineText(255)
    .transform(cleanTitle)
    .refine((text) => text !== '', 'must hold something to be seen')
    .optional(),
  description: longText(20_000).nullable().optional(),
  division: divisionSchema.optional(),
  tags: z.array(tagSchema).max(500).optional(),
  languages: languages.optional(),
  countries: countries.optional(),
  authors: authors.optional(),
  permissions: z
    .strictObject({
      isShareable: z.boolean().optional(),
      isAnnotatable: z.boolean().optional(),
      isEditable: z.boolean().optional(),
    })
    .optional(),
  isProcessedUsed: z.boolean().optional(),
  isDivisionShared: z.boolean().optional(),
  isSensitive: z.boolean().optional(),
  isRenderExternalAllowed: z.boolean().optional(),
  isOnlyEntireDocumentShareable: z.boolean().optional(),
  isSpeakerNotesEnabled: z.boolean().optional(),
  lockedPages: z.array(pageRange).max(1_000).optional(),
  enforcedPages: z
    .strictObject({
      prepend: z.array(pageRange).max(1_000).nullable().optional(),
      append: z.array(pageRange).max(1_000).nullable().optional(),
    })
    .nullable()
    .optional(),
  downloadableInternal: download.optional(),
  downloadableExternal: download.optional(),
  expiresAt: instant.nullable().optional(),
  releasedAt: instant.nullable().optional(),
  draftedAt: instant.nullable().optional(),
  localization: z
    .strictObject({
      primary: z.strictObject({ asset: byId }),
      variants: z.array(localizationVariant).max(50, 'must be at most 50 variants'),
    })
    .nullable()
    .optional(),
});

export type Metadata = z.output<typeof metadataSchema>;
export type DivisionWish = NonNullable<Metadata['division']>;
export type TagWish = z.output<typeof tagSchema>;
export { lineText };
