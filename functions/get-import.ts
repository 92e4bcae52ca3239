// GET /imports/{id} → how far an import is and, when it is done, the links to its results.
import { httpHandler } from '../lib/handlers.ts';
import { importObject } from '../lib/manifest/manifest-object.ts';
import { hasImportEnded } from '../lib/manifest/imports.ts';
import { HttpProblem, jsonResponse } from '../lib/problem.ts';

const linkSeconds = 3_600;

export const handler = httpHandler(async ({ path }, { services }) => {
  const id = path['id'] ?? '';
  const record = await services.imports.get(id);
  if (record === null) throw new HttpProblem(404, 'There is no import with this id, or it was too long ago.');
  const { source, key, state, createdAt, updatedAt, skipInvalid, rows, invalidRows, open, counts, position } =
    record;
  const { faults, faultCount, error } = record;
  const ended = counts.done + counts.failed + counts.superseded;
  return jsonResponse(200, {
    id,
    source,
    key,
    state,
    hasEnded: hasImportEnded(record),
    skipInvalid,
    createdAt,
    updatedAt,
    rows: {
      total: rows,
      invalid: invalidRows,
      read: position?.row ?? 0,
      open: open.length,
      ended,
      ...counts,
    },
    faults,
    faultCount,
    error,
    results: state === 'done' ? await links(id) : null,
  });

  async function links(importId: string): Promise<{ csv: string; jsonl: string }> {
    const { presignDownload } = await import('../lib/presigned-link.ts');
    const inbox = await services.inbox();
    const link = (name: string) =>
      presignDownload({ ...inbox, key: importObject(importId, name) }, linkSeconds);
    return { csv: await link('result.csv'), jsonl: await link('result.jsonl') };
  }
});
