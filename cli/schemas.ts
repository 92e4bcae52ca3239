// `npm run docs`: writes the JSON Schemas of what others send us and hear from us.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import * as z from 'zod';
import { outcomeSchema } from '../lib/outcome.ts';
import { describeEventField, eventSchemas } from './event-schemas.ts';
import { tellRules, type SchemaNode } from './schema-rules.ts';

const root = join(import.meta.dirname, '..');

/** Each schema in the code, by its file. */
const schemas: Readonly<Record<string, z.ZodType>> = {
  'docs/events/job-outcome.schema.json': outcomeSchema,
  ...eventSchemas,
};

/**
 * The files with the schemas, by their paths from the repository's root, as text. Draft 2020-12. What a schema
 * refuses we refuse; the rules that it cannot express stand in its descriptions.
 */
export async function schemaFiles(): Promise<ReadonlyMap<string, string>> {
  const files = Object.entries(schemas).map(async ([path, schema]) => {
    const override = (node: SchemaNode): void => {
      simplify(node);
      if (Object.hasOwn(eventSchemas, path)) describeEventField(node);
      tellRules(node);
    };
    // What has no form in JSON is told by its rule.
    const options = { io: 'input', unrepresentable: 'any', override } as const;
    const json = JSON.stringify(z.toJSONSchema(schema, options), null, 2);
    return [path, await format(json, { parser: 'json', printWidth: 110 })] as const;
  });
  return new Map(await Promise.all(files));
}

/** What Zod says beside what a reader wants to know: a pattern for a named format, the largest number of JavaScript. */
function simplify({ jsonSchema }: SchemaNode): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

if (import.meta.main) {
  for (const [path, text] of await schemaFiles()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
