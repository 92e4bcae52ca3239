import { ticketOrders } from '../find-tickets.ts';
import { assertReadable, ownerOfDivision } from '../my-files.ts';
import { renderTicket, visibleTickets } from '../ticket-resource.ts';
import type { V3Operation } from '../v3-operation.ts';

export const listDivisionTickets: V3Operation = {
  method: 'GET',
  path: '/divisions/{id}/tickets.json',
  run(request, state) {
    const owner = ownerOfDivision(state, request.id);
    if (state.switches.othersTickets === 'refused') assertReadable(state, owner);
    const { divisionId } = owner.myFiles;
    const found = visibleTickets(state).filter((ticket) => ticket.divisionId === divisionId);
    return request.list(
      found.map((ticket) => renderTicket(state, ticket)),
      { sortable: ticketOrders },
    );
  },
};
