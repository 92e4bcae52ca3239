import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { ConnectorApi } from './connector-api.ts';
import { ReaderError } from './reader-error.ts';

const statusSchema = z.object({
  id: z.string(),
  source: z.string(),
  state: z.string(),
  hasEnded: z.boolean(),
  updatedAt: z.string(),
  rows: z.object({
    total: z.number(),
    invalid: z.number(),
    read: z.number(),
    open: z.number(),
    ended: z.number(),
    unchanged: z.number(),
    done: z.number(),
    failed: z.number(),
    superseded: z.number(),
  }),
  faults: z.array(z.object({ line: z.number(), column: z.string(), message: z.string() })),
  faultCount: z.number(),
  error: z.string().nullable(),
  results: z.object({ csv: z.string(), jsonl: z.string() }).nullable(),
});

/** How far an import is, as GET /imports/{id} says it. */
export type ImportStatus = z.output<typeof statusSchema>;

const everyMs = 1_000;
const mostSilences = 30;

/**
 * Follows an import until it has ended, or the signal says that nobody looks any more.
 * @throws ReaderError when there is no such import, or nobody answers for half a minute
 */
export async function follow(
  api: ConnectorApi,
  id: string,
  onStatus: (status: ImportStatus) => void,
  signal: AbortSignal,
): Promise<ImportStatus | null> {
  let silences = 0;
  while (!signal.aborted) {
    const answer = await api.ask('GET', `/imports/${id}`).catch((error: unknown) => {
      silences += 1;
      if (silences >= mostSilences) throw error;
      return null;
    });
    if (answer?.status === 200) {
      silences = 0;
      const status = statusSchema.parse(answer.body);
      onStatus(status);
      if (status.hasEnded) return status;
    } else if (answer !== null && answer.status < 500 && answer.status !== 429) {
      throw new ReaderError(`The import ${id} cannot be watched: ${answer.detail}`, 1);
    }
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}
