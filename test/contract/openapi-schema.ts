import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import * as z from 'zod';

/** A Schema Object of OpenAPI 3.0. */
export const schemaSchema = z.record(z.string(), z.unknown());
export type Schema = z.infer<typeof schemaSchema>;

const annotations: ReadonlySet<string> = new Set(['nullable', 'example', 'examples', 'default', 'readOnly']);

const dateTime = z.iso.datetime({ offset: true });
const ajv = createAjv();

function createAjv(): Ajv2019 {
  const created = new Ajv2019({ allErrors: true, strict: false, validateFormats: true });
  created.addFormat('date-time', (text) => dateTime.safeParse(text).success);
  // The document for API v3 says date where date-times occur.
  created.addFormat('date', (text) => dateTime.safeParse(text).success || /^\d{4}-\d\d-\d\d$/u.test(text));
  created.addFormat('link', (text) => URL.canParse(text, 'https://example.com'));
  created.addFormat('binary', true);
  created.addFormat('email', (text) => /^[^@\s]+@[^@\s]+$/u.test(text));
  created.addFormat('uri', (text) => URL.canParse(text));
  created.addFormat('iso-3166', /^[A-Z]{2}$/u);
  created.addFormat('int32', {
    type: 'number',
    validate: (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
  });
  created.addFormat('int64', { type: 'number', validate: (value) => Number.isSafeInteger(value) });
  return created;
}

/** Compiles a schema object. Throws where it is not a valid schema. */
export function compileSchema(schema: Schema): ValidateFunction {
  return ajv.compile(toJsonSchema(schema));
}

/** What a value has against a schema, one line for each fault. */
export function failures(validate: ValidateFunction, value: unknown, what: string): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const { unevaluatedProperty } = z.object({ unevaluatedProperty: z.string().optional() }).parse(params);
    return `${what}${instancePath}: ${message ?? 'is not valid'}${unevaluatedProperty === undefined ? '' : ` (${unevaluatedProperty})`}`;
  });
}

/**
 * An OpenAPI 3.0 schema as JSON Schema that refuses properties which the document does not name, also where it
 * leaves `additionalProperties` out.
 */
function toJsonSchema(schema: Schema, isPartOfObject = false): Schema {
  const result: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      const properties = Object.entries(schemaSchema.parse(value));
      result[key] = Object.fromEntries(
        properties.map(([name, property]) => [name, toJsonSchema(schemaSchema.parse(property))]),
      );
    } else if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object')) {
      result[key] = toJsonSchema(schemaSchema.parse(value));
    } else if (key === 'allOf' || key === 'anyOf' || key === 'oneOf') {
      // Members of allOf add to one object: only the whole can know which properties are too many.
      result[key] = z
        .array(schemaSchema)
        .parse(value)
        .map((member) => toJsonSchema(member, key === 'allOf'));
    } else if (!annotations.has(key)) {
      result[key] = value;
    }
  }
  const isClosed = !isPartOfObject && ('properties' in schema || 'allOf' in schema);
  if (isClosed && !('additionalProperties' in schema)) result['unevaluatedProperties'] = false;
  return schema['nullable'] === true ? { anyOf: [result, { type: 'null' }] } : result;
}
