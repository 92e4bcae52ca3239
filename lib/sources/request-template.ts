import * as z from 'zod';
import { normalizeTime } from '../event-order.ts';
import type { Fault, RequestedFile } from '../events.ts';
import { isPath, valuesAt } from './json-path.ts';

const placeholder = /\{([^{}]+)\}/g;

/** The origin of an API that a source's credential is sent to. */
export const originSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .refine(
    (text) => URL.parse(text)?.pathname === '/' && !/[?#@]/.test(text),
    'must be an origin such as https://dam.example',
  )
  .transform((text) => new URL(text).origin);

/** A vendor that needs longer sends an event when it has finished. */
export const delaySchema = z.int().min(0).max(900);

/** A GET on a source's API: the origin is fixed, only the path holds what the payload says. */
export const requestSchema = z.strictObject({
  origin: originSchema,
  path: z
    .string()
    .regex(/^\/[^?#\s\\]*(?:\?[^#\s\\]*)?$/, 'must be a path such as /api/files/{id}/download')
    .refine(
      (text) => [...text.matchAll(placeholder)].every(([, path = '']) => isPath(path)),
      'must hold paths in braces',
    ),
  /** Where the link stands in the JSON that answers; without it the answer is the file. */
  link: z.string().max(500).refine(isPath, 'must be a path such as download.url').optional(),
  /** How long the vendor may take to finish with the file. */
  delaySeconds: delaySchema.default(0),
});

/** The request for the file of this payload; undefined where the source is asked for none. */
export function requestedBy(
  template: z.output<typeof requestSchema> | undefined,
  body: unknown,
  time: unknown,
  receivedAt: Date,
): Pick<RequestedFile, 'request' | 'link' | 'notBefore'> | { readonly fault: Fault } | undefined {
  if (template === undefined) return undefined;
  const { origin, path, link, delaySeconds } = template;
  let fault: Fault | undefined;
  const filled = path.replaceAll(placeholder, (_whole, name: string) => {
    const found = valuesAt(body, name)[0]?.value;
    const text = typeof found === 'string' || typeof found === 'number' ? String(found) : '';
    if (/^\.{0,2}$/.test(text)) fault = { field: name, message: 'must hold what the API is asked for' };
    return encodeURIComponent(text.toWellFormed());
  });
  if (fault !== undefined) return { fault };
  return {
    request: `${origin}${filled}`,
    ...(link !== undefined && { link }),
    ...notBefore(time, receivedAt, delaySeconds),
  };
}

/** When a file may be asked for: so long after what happened, or after we were told. */
export function notBefore(
  time: unknown,
  receivedAt: Date,
  delaySeconds: number,
): Pick<RequestedFile, 'notBefore'> {
  if (delaySeconds === 0) return {};
  const known = typeof time === 'string' ? normalizeTime(time) : null;
  const since = known === null ? receivedAt.getTime() : Date.parse(known);
  return { notBefore: new Date(since + delaySeconds * 1_000).toISOString() };
}
