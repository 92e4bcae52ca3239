// ManifestQueue → a manifest in the inbox bucket is checked whole, and its rows become events, slice by slice.
import * as z from 'zod';
import type { EventOrigin } from '../lib/accept-events.ts';
import { nameWork } from '../lib/current-work.ts';
import { sqsHandler, type MessageInvocation } from '../lib/handlers.ts';
import { beginImports } from '../lib/manifest/begin-imports.ts';
import { checkTurn, runTurn, type TurnOutcome } from '../lib/manifest/import-turn.ts';
import { hasImportEnded, type Import } from '../lib/manifest/imports.ts';
import { ManifestGoneError } from '../lib/manifest/manifest-object.ts';
import { reportTurn } from '../lib/manifest/report-import.ts';
import { objectEventSchema } from '../lib/object-event.ts';
import { importMessageSchema, type ImportMessage } from '../lib/queues.ts';
import { withoutSecrets } from '../lib/without-secrets.ts';

const messageSchema = z.union([importMessageSchema, objectEventSchema]);

export const handler = sqsHandler(messageSchema, (message, invocation) =>
  'importId' in message ? goOn(message, invocation) : beginImports(message, invocation.services),
);

/**
 * Takes one turn of an import: what it changes is written first, then the message of the next turn is sent. Killed in
 * between, the message of this turn comes again, and sends that of the next one.
 */
async function goOn({ importId, turn }: ImportMessage, invocation: MessageInvocation): Promise<void> {
  const { services, receives } = invocation;
  nameWork({ importId });
  const record = await services.imports.get(importId);
  if (record === null) services.logger.warn('a message names an import that does not exist', { importId });
  if (record === null || hasImportEnded(record)) return;
  if (record.turn !== turn) {
    const isRepeated = receives > 1 && record.turn === turn + 1;
    if (isRepeated) await services.queues.sendTurn({ importId, turn: record.turn });
    return;
  }
  const { changes, nextInSeconds } = await outcomeOf(record, invocation);
  if (!(await services.imports.takeTurn(record, changes))) return;
  if (changes.state !== undefined && changes.state !== record.state) {
    services.telemetry.importMoved(record, changes.state);
  }
  if (nextInSeconds !== null) await services.queues.sendTurn({ importId, turn: turn + 1 }, nextInSeconds);
}

async function outcomeOf(record: Import, invocation: MessageInvocation): Promise<TurnOutcome> {
  const { services, signal } = invocation;
  try {
    switch (record.state) {
      case 'checking':
        return await checkTurn(invocation, record);
      case 'running':
        return await runTurn(invocation, record, await originOf(record, invocation));
      case 'reporting':
        return await reportTurn(invocation, record);
      case 'waiting':
      case 'done':
      case 'refused':
      case 'failed':
        return failure(`It cannot go on from ${record.state}.`);
    }
  } catch (error) {
    if (error instanceof ManifestGoneError) return failure(error.message);
    if (signal.aborted && record.state !== 'running') {
      return failure('The manifest is too long for one invocation. Split it, and import the parts.');
    }
    const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    await services.imports.noteError(record, withoutSecrets(why));
    throw error;
  }
}

async function originOf({ source }: Import, { services }: MessageInvocation): Promise<EventOrigin> {
  const found = await services.sources.find(source);
  if (found !== undefined) return found;
  throw new ManifestGoneError(`There is no source “${source}” any more.`);
}

function failure(error: string): TurnOutcome {
  return { changes: { state: 'failed', error }, nextInSeconds: null };
}
