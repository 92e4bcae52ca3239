import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { assetKey } from '../asset-key.ts';
import type { MessageInvocation } from '../handlers.ts';
import { openStaged, stageStream } from '../staging.ts';
import type { Import } from './imports.ts';
import type { TurnOutcome } from './import-turn.ts';
import { importObject, readObject, sliceObject, type Inbox } from './manifest-object.ts';
import { csvLine, resultColumns, resultOf, type RowNote, type RowResult } from './row-result.ts';

const rowsAtOnce = 50;
export const resultNames = { jsonl: 'result.jsonl', csv: 'result.csv' } as const;

/** Writes what has become of every row, as JSON Lines and as CSV, holding a slice at a time. Safe to repeat. */
export async function reportTurn(
  { services, signal }: MessageInvocation,
  record: Import,
): Promise<TurnOutcome> {
  const inbox = await services.inbox();
  const jsonl = importObject(record.id, resultNames.jsonl);
  const results = resultsOf(services.assetBatches, inbox, record);
  await write(inbox, jsonl, 'application/x-ndjson', signal, async function* () {
    for await (const result of results) yield `${JSON.stringify(result)}\n`;
  });
  const { body } = await openStaged({ ...inbox, key: jsonl, signal });
  await write(
    inbox,
    importObject(record.id, resultNames.csv),
    'text/csv; charset=utf-8',
    signal,
    async function* () {
      yield `${csvLine(resultColumns)}\r\n`;
      for await (const line of linesOf(body)) {
        const result = JSON.parse(line) as RowResult;
        yield `${csvLine(resultColumns.map((column) => result[column]))}\r\n`;
      }
    },
  );
  return { changes: { state: 'done', error: null }, nextInSeconds: null };
}

async function* resultsOf(
  batches: MessageInvocation['services']['assetBatches'],
  inbox: Inbox,
  { id, source, slices }: Import,
): AsyncGenerator<RowResult> {
  for (let slice = 0; slice < slices; slice += 1) {
    const lines = (await readObject(inbox, sliceObject(id, slice))).trimEnd().split('\n');
    const notes = lines.map((line) => JSON.parse(line) as RowNote);
    for (let start = 0; start < notes.length; start += rowsAtOnce) {
      const some = notes.slice(start, start + rowsAtOnce);
      const readable = some.filter(({ fault }) => fault === undefined);
      const { assets, jobs } = await batches.read(
        readable.flatMap(({ subject }) => (subject === null ? [] : [assetKey(source, subject)])),
        readable.flatMap(({ jobId }) => jobId ?? []),
      );
      for (const note of some) {
        const known = assets.get(assetKey(source, note.subject ?? ''));
        yield resultOf(note, jobs.get(note.jobId ?? ''), known?.asset);
      }
    }
  }
}

async function write(
  inbox: Inbox,
  key: string,
  mediaType: string,
  signal: AbortSignal,
  texts: () => AsyncIterable<string>,
): Promise<void> {
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const text of texts()) yield Buffer.from(text);
  }
  await stageStream({ ...inbox, key, body: bytes(), mediaType, size: null, signal });
}

async function* linesOf(body: Readable): AsyncGenerator<string> {
  for await (const line of createInterface({ input: body, crlfDelay: Infinity })) if (line !== '') yield line;
}
