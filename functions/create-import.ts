// POST /imports → an import that waits for its manifest, and the link to put it to.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { httpHandler } from '../lib/handlers.ts';
import { importId } from '../lib/manifest/begin-imports.ts';
import { formatOf } from '../lib/manifest/read-manifest.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';
import { readBody } from '../lib/request-body.ts';

const requestSchema = z.strictObject({
  source: z.string().min(1).max(63),
  fileName: z
    .string()
    .min(1)
    .max(200)
    .refine((name) => formatOf(name) !== null, 'must end with .csv or .jsonl'),
  skipInvalid: z.boolean().default(false),
});
const linkSeconds = 3_600;

export const handler = httpHandler(async ({ body }, { services }) => {
  const { source, fileName, skipInvalid } = readBody(requestSchema, body);
  if ((await services.sources.find(source)) === undefined) {
    throw new HttpProblem(404, `There is no source “${source}”.`);
  }
  const id = importId(randomUUID());
  const format = formatOf(fileName) ?? 'csv';
  const key = `manifests/${source}/${id}/manifest.${format}`;
  await services.imports.create({
    id,
    source,
    key,
    format,
    skipInvalid,
    createdAt: new Date().toISOString(),
  });
  const { presignUpload } = await import('../lib/presigned-link.ts');
  const url = await presignUpload({ ...(await services.inbox()), key }, linkSeconds);
  return jsonResponse(201, {
    id,
    source,
    key,
    upload: { method: 'PUT', url, expiresInSeconds: linkSeconds },
  });
});
