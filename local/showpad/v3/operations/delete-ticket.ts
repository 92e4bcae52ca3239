import { lookUpTicket } from '../ticket-resource.ts';
import type { V3Operation } from '../v3-operation.ts';

/** Forgets the ticket; a file that is still processed is given up with it. */
export const deleteTicket: V3Operation = {
  method: 'DELETE',
  path: '/tickets/{id}.json',
  run(request, state) {
    const { id } = lookUpTicket(state, request.id);
    state.tickets.delete(id);
    state.touch('ticket', id);
    return { response: {} };
  },
};
