import { findTickets, ticketOrders } from '../find-tickets.ts';
import { renderTicket } from '../ticket-resource.ts';
import type { V3Operation } from '../v3-operation.ts';

export const listTickets: V3Operation = {
  method: 'GET',
  path: '/tickets.json',
  run(request, state) {
    const found = findTickets(state, request).map((ticket) => renderTicket(state, ticket));
    return request.list(found, { sortable: ticketOrders });
  },
};
