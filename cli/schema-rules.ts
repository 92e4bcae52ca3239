import type * as z from 'zod';

/** A part of a schema, in Zod's words and in those of JSON Schema. */
export type SchemaNode = Parameters<NonNullable<z.core.ToJSONSchemaParams['override']>>[0];

/**
 * Adds to a schema's description the rules of the code that JSON Schema has no words for, as a sender would be told
 * them: what `refine` checks, and patterns that look past upper and lower case.
 */
export function tellRules({ zodSchema, jsonSchema }: SchemaNode): void {
  const { checks = [], type } = zodSchema._zod.def;
  const rules = checks.flatMap((check) => {
    const definition = check._zod.def;
    const isLax = 'pattern' in definition && (definition.pattern as RegExp).ignoreCase;
    // A pattern of JSON Schema knows no flags.
    if (isLax) delete jsonSchema.pattern;
    return isLax || definition.check === 'custom' ? [messageOf(definition)] : [];
  });
  if (type === 'undefined') {
    jsonSchema.not = {};
    rules.push(messageOf(zodSchema._zod.def));
  }
  if (rules.length === 0) return;
  const told = `It ${rules.join(', and ')}.`;
  const said = jsonSchema.description;
  jsonSchema.description = said === undefined ? told : `${said} ${told}`;
}

function messageOf({ error }: { readonly error?: z.core.$ZodErrorMap<never> | undefined }): string {
  const message = error?.({ code: 'custom', input: undefined, path: [], message: '' } as never);
  if (typeof message !== 'string') throw new Error('A rule that a schema cannot express needs a message.');
  return message;
}
