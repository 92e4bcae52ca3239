import { lookUpTicket } from '../ticket-resource.ts';
import type { V3Operation } from '../v3-operation.ts';
import { V3Problem } from '../v3-problem.ts';

export const cancelTicket: V3Operation = {
  method: 'POST',
  path: '/tickets/{id}/cancel',
  run(request, state) {
    const ticket = lookUpTicket(state, request.id);
    if (ticket.endedAtMs !== null) throw V3Problem.invalid(3008, 'The ticket has ended already.');
    const { cancelledTicketStatus } = state.switches;
    ticket.endedAtMs = state.now();
    if (cancelledTicketStatus === null) state.tickets.delete(ticket.id);
    else ticket.status = cancelledTicketStatus;
    state.touch('ticket', ticket.id);
    return { response: {} };
  },
};
