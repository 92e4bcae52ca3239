import { lookUpTicket, renderTicket } from '../ticket-resource.ts';
import type { V3Operation } from '../v3-operation.ts';

export const getTicket: V3Operation = {
  method: 'GET',
  path: '/tickets/{id}.json',
  run(request, state) {
    const ticket = lookUpTicket(state, request.id);
    const response = request.pick(renderTicket(state, ticket));
    if (ticket.isAssetKept) {
      ticket.readsWithAsset += 1;
      state.touch('ticket', ticket.id);
    }
    return { response };
  },
};
