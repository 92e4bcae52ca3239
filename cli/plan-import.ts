import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { readManifest } from '../lib/manifest/read-manifest.ts';
import type { RowEvent } from '../lib/manifest/row-event.ts';
import type { ConnectorApi } from './connector-api.ts';
import type { ManifestFile } from './manifest-file.ts';
import { ReaderError } from './reader-error.ts';

const changes = ['create', 'new version', 'metadata', 'unchanged', 'problem'] as const;
const planSchema = z.object({
  rows: z.array(
    z.object({
      change: z.enum(changes),
      calls: z.number(),
      sendsFile: z.boolean(),
      dependsOnFile: z.boolean(),
      problem: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
  names: z.record(z.string(), z.number()),
  uploadCalls: z.number(),
  callsPerSecond: z.number(),
});

/** What would become of one row. */
export interface PlannedRow {
  readonly row: number;
  readonly line: number;
  readonly subject: string | null;
  readonly change: (typeof changes)[number];
  readonly calls: number;
  /** Whether the file itself has to be fetched to know: then it may be a new version, in more calls. */
  readonly dependsOnFile: boolean;
  readonly problem: string | null;
}

export interface PlanSummary {
  readonly rows: number;
  readonly changes: Readonly<Record<(typeof changes)[number], number>>;
  readonly uploads: number;
  /** Rows whose file has to be fetched to know whether it is a new one. */
  readonly filesToCompare: number;
  readonly calls: number;
  /** If every file that has to be compared is a new one. */
  readonly mostCalls: number;
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly mostSeconds: number;
}

interface Asked {
  readonly row: number;
  readonly line: number;
  readonly event: RowEvent;
}

const rowsAtOnce = 100;
const bytesAtOnce = 1024 * 1024;
const tries = 8;

/**
 * Has the connector say what it would do with each row of a file that was checked, a hundred at a time, and adds up.
 * @param onRow is told of every row in its order
 * @throws ReaderError when the connector cannot say
 */
export async function planImport(
  api: ConnectorApi,
  source: string,
  file: ManifestFile,
  onRow: (row: PlannedRow) => Promise<void>,
): Promise<PlanSummary> {
  const counts = { create: 0, 'new version': 0, metadata: 0, unchanged: 0, problem: 0 };
  const names = new Map<string, number>();
  let [rows, uploads, filesToCompare, calls, uploadCalls, callsPerSecond] = [0, 0, 0, 0, 0, 1];
  const tell = async (row: PlannedRow): Promise<void> => {
    rows += 1;
    counts[row.change] += 1;
    calls += row.calls;
    if (row.dependsOnFile) filesToCompare += 1;
    await onRow(row);
  };
  const ask = async (asked: readonly Asked[]): Promise<void> => {
    if (asked.length === 0) return;
    const plan = await askForPlan(api, source, asked);
    for (const [name, cost] of Object.entries(plan.names))
      names.set(name, Math.max(cost, names.get(name) ?? 0));
    ({ uploadCalls, callsPerSecond } = plan);
    for (const [index, { row, line, event }] of asked.entries()) {
      const planned = plan.rows[index];
      if (planned === undefined) throw new ReaderError('The connector has left out a row of the plan.', 1);
      const { change, problem, dependsOnFile, sendsFile } = planned;
      if (sendsFile) uploads += 1;
      const why = problem === null ? null : `${problem.code}: ${problem.message}`;
      const { subject } = event;
      await tell({ row, line, subject, change, calls: planned.calls, dependsOnFile, problem: why });
    }
  };
  let batch: Asked[] = [];
  let bytes = 0;
  for await (const some of readManifest(file.open(), file.reading)) {
    for (const row of some) {
      if ('faults' in row) {
        await ask(batch.splice(0));
        const [fault] = row.faults;
        const problem = `${fault?.column ?? ''} ${fault?.message ?? ''}`.trim();
        const nothing = { subject: null, change: 'problem', calls: 0, dependsOnFile: false } as const;
        await tell({ row: row.row, line: row.line, ...nothing, problem });
        continue;
      }
      batch.push({ row: row.row, line: row.line, event: row.event });
      bytes += JSON.stringify(row.event.data).length;
      if (batch.length < rowsAtOnce && bytes < bytesAtOnce) continue;
      await ask(batch);
      batch = [];
      bytes = 0;
    }
  }
  await ask(batch);
  const ofNames = [...names.values()].reduce((sum, cost) => sum + cost, 0);
  const all = calls + ofNames;
  const mostCalls = all + filesToCompare * uploadCalls;
  return {
    rows,
    changes: counts,
    uploads,
    filesToCompare,
    calls: all,
    mostCalls,
    callsPerSecond,
    seconds: all / callsPerSecond,
    mostSeconds: mostCalls / callsPerSecond,
  };
}

async function askForPlan(api: ConnectorApi, source: string, asked: readonly Asked[]) {
  const body = {
    source,
    rows: asked.map(({ event: { type, subject, data } }) => ({ type, subject, data })),
  };
  let detail = '';
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (attempt > 0) await pause(Math.min(10_000, 500 * 2 ** attempt));
    const answer = await api.ask('POST', '/imports/plan', {}, body);
    if (answer.status === 200) return planSchema.parse(answer.body);
    ({ detail } = answer);
    if (answer.status < 500 && answer.status !== 429) break;
  }
  throw new ReaderError(`The plan cannot be made: ${detail}`, 1);
}
