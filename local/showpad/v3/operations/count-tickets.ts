import { findTickets } from '../find-tickets.ts';
import type { V3Operation } from '../v3-operation.ts';

export const countTickets: V3Operation = {
  method: 'GET',
  path: '/tickets/count.json',
  run(request, state) {
    return { response: { count: findTickets(state, request).length } };
  },
};
