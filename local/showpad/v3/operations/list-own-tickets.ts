import { renderTicket, visibleTickets } from '../ticket-resource.ts';
import { ticketOrders } from '../find-tickets.ts';
import type { V3Operation } from '../v3-operation.ts';

export const listOwnTickets: V3Operation = {
  method: 'GET',
  path: '/users/me/tickets.json',
  run(request, state) {
    const { id } = state.tokenOwner();
    const found = visibleTickets(state).filter((ticket) => ticket.userId === id);
    return request.list(
      found.map((ticket) => renderTicket(state, ticket)),
      { sortable: ticketOrders },
    );
  },
};
