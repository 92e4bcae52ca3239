import { extname } from 'node:path';
import { fileTypeOf, processingErrorOf } from '../file-types.ts';
import type { ShowpadState } from '../showpad-state.ts';
import type { EmulatedUser, PersonalAsset } from '../user-resource.ts';
import type { ReceivedFile } from './receive-form.ts';
import type { EmulatedTicket } from './emulated-ticket.ts';

const stuckCheckMs = 50;
const processedDocument = /^\.(?:pdf|docx?|pptx?|xlsx?)$/iu;

/** Whether Showpad processes a file before it can be used, or takes it as it is. */
export function needsProcessing({ switches }: ShowpadState, { filename }: ReceivedFile): boolean {
  if (switches.uploadAnswer !== 'by-type') return switches.uploadAnswer === 'ticket';
  return processedDocument.test(extname(filename)) || fileTypeOf(filename).assetType === 'video';
}

/** Queues a file. Its asset appears in My Files when the ticket is completed. */
export function startTicket(
  state: ShowpadState,
  owner: EmulatedUser,
  asset: PersonalAsset,
  file: ReceivedFile,
): EmulatedTicket {
  const ticket: EmulatedTicket = {
    id: state.newId(),
    status: 'queued',
    asset,
    isAssetKept: false,
    divisionId: owner.myFiles.divisionId,
    userId: state.tokenOwner().id,
    fileType: fileTypeOf(file.filename).assetType,
    queuedAtMs: state.now(),
    startedAtMs: null,
    endedAtMs: null,
    readsWithAsset: 0,
  };
  state.tickets.set(ticket.id, ticket);
  walk(state, owner, ticket, processingErrorOf(file.filename, file.head, file.size) === null);
  return ticket;
}

function walk(state: ShowpadState, owner: EmulatedUser, ticket: EmulatedTicket, succeeds: boolean): void {
  const { processingMs, unknownStatus } = state.switches;
  const steps = [...(unknownStatus === null ? [] : [unknownStatus]), 'processing'];
  const advance = () => {
    // A ticket that was cancelled or deleted is processed no further.
    if (ticket.endedAtMs !== null || !state.tickets.has(ticket.id)) return;
    const next = steps.shift();
    if (next !== undefined) {
      ticket.status = next;
      if (next === 'processing') ticket.startedAtMs = state.now();
      state.scheduler.after(processingMs, advance);
    } else if (state.switches.processingStuck) {
      state.scheduler.after(Math.max(processingMs, stuckCheckMs), advance);
    } else {
      ticket.endedAtMs = state.now();
      ticket.status = succeeds ? 'completed' : 'failed';
      if (succeeds) keepAsset(owner, ticket);
    }
    state.changes.notify();
  };
  state.scheduler.after(processingMs, advance);
}

/** Uses the file of a failed ticket as it is. */
export function forceUse(owner: EmulatedUser, ticket: EmulatedTicket): void {
  ticket.status = 'completed';
  keepAsset(owner, ticket);
}

function keepAsset(owner: EmulatedUser, ticket: EmulatedTicket): void {
  ticket.isAssetKept = true;
  owner.myFiles.assets.push(ticket.asset);
}
