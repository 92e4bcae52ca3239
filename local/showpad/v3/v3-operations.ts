import { cancelTicket } from './operations/cancel-ticket.ts';
import { countTickets } from './operations/count-tickets.ts';
import { createDivisionAsset } from './operations/create-division-asset.ts';
import { deleteTicket } from './operations/delete-ticket.ts';
import { forceUseTicket } from './operations/force-use-ticket.ts';
import { getAsset } from './operations/get-asset.ts';
import { getOwnUser } from './operations/get-own-user.ts';
import { getTicket } from './operations/get-ticket.ts';
import { getUser } from './operations/get-user.ts';
import { listDivisionAssets } from './operations/list-division-assets.ts';
import { listDivisionTickets } from './operations/list-division-tickets.ts';
import { listOwnTickets } from './operations/list-own-tickets.ts';
import { listTickets } from './operations/list-tickets.ts';
import { listUsers } from './operations/list-users.ts';
import type { V3Operation } from './v3-operation.ts';

/** The operations of Showpad's API v3 that the emulator has. */
export const v3Operations: readonly V3Operation[] = [
  listUsers,
  getUser,
  getOwnUser,
  listOwnTickets,
  listDivisionAssets,
  createDivisionAsset,
  listDivisionTickets,
  getAsset,
  listTickets,
  countTickets,
  getTicket,
  deleteTicket,
  cancelTicket,
  forceUseTicket,
];
