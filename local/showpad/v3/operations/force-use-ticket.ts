import { ownerOfDivision } from '../my-files.ts';
import { forceUse } from '../ticket-processing.ts';
import { lookUpTicket } from '../ticket-resource.ts';
import type { V3Operation } from '../v3-operation.ts';
import { V3Problem } from '../v3-problem.ts';

export const forceUseTicket: V3Operation = {
  method: 'POST',
  path: '/tickets/{id}/force-use',
  run(request, state) {
    const ticket = lookUpTicket(state, request.id);
    if (ticket.endedAtMs === null || ticket.isAssetKept) {
      throw V3Problem.invalid(3008, 'Only the element of a failed ticket can be used all the same.');
    }
    if (!state.switches.canBeForceUsed) {
      throw new V3Problem(403, { code: 3008, message: 'The element of this ticket cannot be used.' });
    }
    forceUse(state, ownerOfDivision(state, ticket.divisionId), ticket);
    return { response: {} };
  },
};
