import * as z from 'zod';
import { sourceSettings } from './adapters.ts';
import type { Source } from './source.ts';

const sourcesSchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, at most 63'),
  sourceSettings,
);

/**
 * Reads the secret that lists the sources.
 * @throws {Error} that names every bad field, never a value
 */
export function parseSources(json: string): ReadonlyMap<string, Source> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('The sources are not usable: they are not JSON.');
  }
  const parsed = sourcesSchema.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(all)'}: ${message}`);
    throw new Error(`The sources are not usable. ${faults.join('; ')}.`);
  }
  return new Map(Object.entries(parsed.data).map(([name, source]) => [name, { ...source, name }]));
}
