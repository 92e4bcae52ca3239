import type { ShowpadState } from '../showpad-state.ts';
import type { Switches } from '../switches.ts';
import type { EmulatedTicket } from './emulated-ticket.ts';
import { linkTo } from './links.ts';
import { V3Problem } from './v3-problem.ts';
import { v3Timestamp } from './v3-timestamp.ts';

/** The ticket with this id. Refuses with 404 also what is not to be seen yet, or no longer. */
export function lookUpTicket(state: ShowpadState, id: string): EmulatedTicket {
  const ticket = state.tickets.get(id);
  if (ticket === undefined || !isVisible(state, ticket)) throw new V3Problem(404);
  return ticket;
}

/** Oldest first. */
export function visibleTickets(state: ShowpadState): EmulatedTicket[] {
  return [...state.tickets.values()].filter((ticket) => isVisible(state, ticket));
}

function isVisible(state: ShowpadState, { queuedAtMs, endedAtMs }: EmulatedTicket): boolean {
  const { ticketLagMs, ticketRetentionMs } = state.switches;
  const now = state.now();
  if (now < queuedAtMs + ticketLagMs) return false;
  return endedAtMs === null || ticketRetentionMs === null || now < endedAtMs + ticketRetentionMs;
}

/**
 * The ticket as API v3 shows it. By the switch `ticketAsset`, its asset is an object with the id or a link, left
 * out or null until there is one.
 */
export function renderTicket(state: ShowpadState, ticket: EmulatedTicket): Readonly<Record<string, unknown>> {
  const { asset, divisionId, startedAtMs, endedAtMs } = ticket;
  const time = (milliseconds: number) => timeFormats[state.switches.ticketTimes](milliseconds);
  return {
    id: ticket.id,
    resourcetype: 'Ticket',
    status: ticket.status,
    ...renderTicketAsset(state, ticket),
    ...(state.switches.provisionalAssetId === 'told' ? { provisionalAssetId: asset.id } : {}),
    division: linkTo('divisions', divisionId),
    divisionId,
    user: linkTo('users', ticket.userId),
    type: 'asset',
    assetFilename: asset.originalName,
    assetFileType: ticket.fileType,
    materialisedPath: asset.folder,
    queuedAt: time(ticket.queuedAtMs),
    ...(startedAtMs === null ? {} : { startedAt: time(startedAtMs) }),
    ...(endedAtMs === null ? {} : { completedAt: time(endedAtMs) }),
    canBeForceUsed: state.switches.canBeForceUsed,
  };
}

const timeFormats: Readonly<Record<Switches['ticketTimes'], (milliseconds: number) => string>> = {
  'with-offset': v3Timestamp,
  'without-offset': (milliseconds) => v3Timestamp(milliseconds).slice(0, 19).replace('T', ' '),
  date: (milliseconds) => v3Timestamp(milliseconds).slice(0, 10),
};

function renderTicketAsset(
  { switches }: ShowpadState,
  { asset, isAssetKept, readsWithAsset }: EmulatedTicket,
): object {
  const isNamed = isAssetKept && readsWithAsset >= switches.completedReadsWithoutAsset;
  switch (switches.ticketAsset) {
    case 'object-at-once':
      return { asset: { id: asset.id } };
    case 'object':
      return isNamed ? { asset: { id: asset.id } } : {};
    case 'null-then-object':
      return { asset: isNamed ? { id: asset.id } : null };
    case 'link':
      return isNamed ? { asset: linkTo('assets', asset.id) } : {};
  }
}
