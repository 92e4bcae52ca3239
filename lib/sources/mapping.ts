import * as z from 'zod';
import { metadataSchema } from '../metadata.ts';
import { isPath } from './json-path.ts';

const path = z
  .string()
  .max(500, 'must be at most 500 characters')
  .refine(isPath, 'must be a path such as fields.title, tags[0] or tags[*].id');
const paths = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(path).min(1, 'must name at least one path').max(10, 'must name at most ten paths'),
);
const header = z.string().regex(/^[a-z0-9-]{1,100}$/, 'must be the name of a header in lower case');

const ruleSchema = z
  .strictObject({
    /** Where the value stands; the first path with a value counts. */
    path: paths.optional(),
    /** The header that holds the value, where no path leads to one. */
    header: header.optional(),
    /** A value of our own, whatever the payload says. */
    value: z.json().optional(),
    /** What each value of the vendor means here; one that is not listed means what `*` means, or nothing. */
    table: z.record(z.string(), z.json()).optional(),
    /** What stands between the parts of a text that is a list. */
    split: z.string().min(1).max(10).optional(),
    /** How the vendor writes a date, where that is not RFC 3339. */
    date: z.enum(['day', 'unix', 'unix-ms'], { error: 'must be day, unix or unix-ms' }).optional(),
    /** Where the extension stands that a name lacks. */
    extension: path.optional(),
    /** What stands in where the payload has no value. */
    default: z.json().optional(),
  })
  .refine((rule) => (rule.value !== undefined) !== (rule.path !== undefined || rule.header !== undefined), {
    message: 'must have either "path" (or "header") or "value"',
  });

/** Where the value of one field comes from. */
export type Rule = z.output<typeof ruleSchema>;
const rule = z
  .preprocess((value) => (typeof value === 'string' ? { path: value } : value), ruleSchema.nullable())
  .optional();

const { permissions, ...others } = metadataSchema.shape;
const metadataNames = [
  ...Object.keys(others),
  ...Object.keys(permissions.unwrap().shape).map((right) => `permissions.${right}`),
];

const rulesFor = <Name extends string>(names: readonly Name[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, rule])) as Record<Name, typeof rule>);

export const mappingShape = {
  file: rulesFor(['url', 'name', 'mediaType', 'size', 'md5', 'sha256']).optional(),
  /** The link of a URL asset, where there is no file. */
  url: rule,
  metadata: rulesFor(metadataNames).optional(),
};

/** Which fields of a vendor's payload become which of ours. Data only: nothing in it is carried out. */
export const mappingSchema = z.strictObject(mappingShape);
export type Mapping = z.output<typeof mappingSchema>;

/** The same, where the payload says by the mapping alone what has happened to what. */
export const eventMappingSchema = z.strictObject({
  ...mappingShape,
  event: rulesFor(['id', 'subject', 'type', 'time', 'sequence']),
});
export type EventMapping = z.output<typeof eventMappingSchema>;

/** A mapping in which fields of `own` stand before those of `defaults`; null takes a field out. */
export function mergeMappings(defaults: Mapping, own: Mapping | undefined): Mapping {
  return {
    file: { ...defaults.file, ...own?.file },
    url: own?.url === undefined ? defaults.url : own.url,
    metadata: { ...defaults.metadata, ...own?.metadata },
  };
}
