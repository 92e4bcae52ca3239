import type * as z from 'zod';

/**
 * Reads an HTTP answer's JSON body.
 * @throws {Error} that says what is not as expected in it
 */
export function readAnswer<Answer>(what: string, text: string, schema: z.ZodType<Answer>): Answer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not JSON: ${text.slice(0, 200)}`, { cause: error });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new Error(`${what} is not as expected: ${first?.path.join('.') ?? ''} ${first?.message ?? ''}.`);
}
