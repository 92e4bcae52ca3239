import { extname } from 'node:path';
import { fileTypeOf, processingErrorOf } from '../file-types.ts';
import type { ShowpadState } from '../showpad-state.ts';
import type { EmulatedUser, PersonalAsset } from '../user-resource.ts';
import type { Walk } from '../walk.ts';
import { beginWalk, continueWalk, type Walker } from '../walking.ts';
import { ownerOfDivision } from './my-files.ts';
import type { ReceivedFile } from './receive-form.ts';
import type { EmulatedTicket } from './emulated-ticket.ts';

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
    isProcessable: processingErrorOf(file.filename, file.head, file.size) === null,
  };
  state.tickets.set(ticket.id, ticket);
  state.touch('ticket', ticket.id);
  const { unknownStatus } = state.switches;
  const steps = [...(unknownStatus === null ? [] : [unknownStatus]), 'processing'];
  beginWalk(state, { kind: 'ticket', id: ticket.id }, steps, walkerOf(state, owner, ticket));
  return ticket;
}

/** Goes on with the processing of a ticket as it was left. */
export function resumeTicket(state: ShowpadState, walk: Walk): void {
  const ticket = state.tickets.get(walk.id);
  if (ticket === undefined) return;
  continueWalk(state, walk, walkerOf(state, ownerOfDivision(state, ticket.divisionId), ticket));
}

function walkerOf(state: ShowpadState, owner: EmulatedUser, ticket: EmulatedTicket): Walker {
  return {
    // A ticket that was cancelled or deleted is processed no further.
    isOver: () => ticket.endedAtMs !== null || !state.tickets.has(ticket.id),
    enter: (status) => {
      ticket.status = status;
      if (status === 'processing') ticket.startedAtMs = state.now();
      state.touch('ticket', ticket.id);
    },
    finish: () => {
      ticket.endedAtMs = state.now();
      ticket.status = ticket.isProcessable ? 'completed' : 'failed';
      if (ticket.isProcessable) keepAsset(state, owner, ticket);
      state.touch('ticket', ticket.id);
    },
  };
}

/** Uses the file of a failed ticket as it is. */
export function forceUse(state: ShowpadState, owner: EmulatedUser, ticket: EmulatedTicket): void {
  ticket.status = 'completed';
  keepAsset(state, owner, ticket);
}

function keepAsset(state: ShowpadState, owner: EmulatedUser, ticket: EmulatedTicket): void {
  ticket.isAssetKept = true;
  owner.myFiles.assets.push(ticket.asset);
  state.touch('ticket', ticket.id);
  state.touch('user', owner.id);
}
