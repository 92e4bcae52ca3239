import type * as z from 'zod';
import { HttpProblem } from './problem.ts';

/**
 * Reads the JSON body of an operator's request.
 * @throws {HttpProblem} 400, naming every bad field
 */
export function readBody<T>(schema: z.ZodType<T>, body: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpProblem(400, 'The body must be JSON.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => ({
    field: path.join('.') || '(body)',
    message,
  }));
  const told = faults.slice(0, 10).map(({ field, message }) => `${field}: ${message}`);
  throw new HttpProblem(400, `${told.join('; ')}.`, faults);
}
