import * as z from 'zod';
import { schemaSchema, type Schema } from './openapi-schema.ts';

/** OpenAPI 3.0 joins arrays with commas only where `explode` is false; without it they repeat the name. */
export function readParameter(
  { schema, explode = true }: { readonly schema: Schema; readonly explode?: boolean | undefined },
  values: readonly string[],
): unknown {
  if (schema['type'] === 'array') return explode ? values : values.flatMap((value) => value.split(','));
  const [value = ''] = values;
  if (values.length > 1) return values;
  return readText(schema, value);
}

function readText(schema: Schema, text: string): unknown {
  if (schema['type'] === 'integer' && /^-?\d+$/u.test(text)) return Number(text);
  if (schema['type'] === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** The fields of a form as what their schemas say they are; of a file only that it was there. */
export function readForm(schema: Schema, body: unknown): unknown {
  const properties = z.record(z.string(), schemaSchema).parse(schema['properties'] ?? {});
  const fields = z.record(z.string(), z.unknown()).parse(body);
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? readText(properties[name] ?? {}, value) : '',
    ]),
  );
}
