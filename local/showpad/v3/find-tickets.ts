import type { ShowpadState } from '../showpad-state.ts';
import type { EmulatedTicket } from './emulated-ticket.ts';
import { visibleTickets } from './ticket-resource.ts';
import type { V3Request } from './v3-operation.ts';

/** The fields that the lists of tickets can be sorted by. */
export const ticketOrders = ['queuedAt', 'status'] as const;

/** The tickets that the filters `divisionId`, `status` and `onlyUnfinished` leave, oldest first. */
export function findTickets(state: ShowpadState, request: V3Request): EmulatedTicket[] {
  const divisionId = request.query.get('divisionId');
  const status = request.query.get('status');
  const onlyUnfinished = request.flag('onlyUnfinished') ?? false;
  return visibleTickets(state).filter(
    (ticket) =>
      (divisionId === null || ticket.divisionId === divisionId) &&
      (status === null || ticket.status === status) &&
      (!onlyUnfinished || ticket.endedAtMs === null),
  );
}
