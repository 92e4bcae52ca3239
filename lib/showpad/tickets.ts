import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id } from './id.ts';
import { linkedId } from './linked-id.ts';
import { path } from './path.ts';

/** What Showpad says of the processing of one uploaded file. */
export interface Ticket {
  readonly id: string;
  /** `queued`, `processing`, `completed`, `failed`; others may come, and mean that it is not over. */
  readonly status: string;
  /** The finished asset; null while there is none, and sometimes for a moment after `completed`. */
  readonly assetId: string | null;
  /** The id that the asset gets if the processing succeeds. */
  readonly provisionalAssetId: string | null;
  /** Whether the file may be used as it is although its processing failed. */
  readonly canBeForceUsed: boolean;
  readonly assetFilename: string | null;
  readonly divisionId: string | null;
  /** As Showpad writes it; see `latestQueuedAt`. */
  readonly queuedAt: string | null;
}

/** Filters of `GET /tickets.json`, and-ed. */
export interface TicketFilters {
  readonly divisionId?: string;
  readonly status?: 'queued' | 'processing' | 'completed' | 'failed';
  readonly onlyUnfinished?: boolean;
  readonly onlyCustomerTypes?: boolean;
  readonly includeNonRequired?: boolean;
  /** With a dash in front: descending. */
  readonly sort?: 'queuedAt' | '-queuedAt' | 'status' | '-status';
}

const fields = [
  'id',
  'status',
  'asset',
  'provisionalAssetId',
  'canBeForceUsed',
  'assetFilename',
  'divisionId',
  'queuedAt',
];

const text = z.string().min(1).nullable().catch(null);
const flag = z.union([z.boolean(), z.stringbool()]).catch(false);

const ticketFields = z.object({
  status: z.string(),
  asset: linkedId,
  provisionalAssetId: id.nullable().catch(null),
  canBeForceUsed: flag,
  assetFilename: text,
  divisionId: text,
  queuedAt: text,
});
const ticket = ticketFields
  .extend({ id })
  .transform(({ asset, ...rest }): Ticket => ({ ...rest, assetId: asset }));

/**
 * @throws ShowpadError, status 404 when the ticket is absent or not visible to the token: how long Showpad keeps
 *   tickets, and how soon a new one is seen, is not documented
 */
export async function getTicket(client: ShowpadClient, ticketId: string): Promise<Ticket> {
  const { asset, ...rest } = await client.request({
    api: 'v3',
    method: 'GET',
    path: path`/tickets/${ticketId}.json`,
    query: { fields },
    operation: 'GET /tickets/{id}.json',
    // Its pace is the caller's: a repetition within seconds would break it.
    idempotent: false,
    urgency: 'low',
    schema: ticketFields,
  });
  return { id: ticketId, ...rest, assetId: asset };
}

/** @throws ShowpadError */
export function listTickets(
  client: ShowpadClient,
  filters: TicketFilters = {},
): AsyncGenerator<Ticket, void, undefined> {
  const call = {
    api: 'v3',
    method: 'GET',
    path: path`/tickets.json`,
    query: { ...filters, fields },
    operation: 'GET /tickets.json',
  } as const;
  return client.paginate(call, ticket);
}

/**
 * The tickets of one Division. Administrators may be refused it for the My Files of others; `listTickets` with
 * `divisionId` asks the same of another resource.
 * @throws ShowpadError
 */
export function listDivisionTickets(
  client: ShowpadClient,
  divisionId: string,
  filters: Pick<TicketFilters, 'sort'> = {},
): AsyncGenerator<Ticket, void, undefined> {
  const call = {
    api: 'v3',
    method: 'GET',
    path: path`/divisions/${divisionId}/tickets.json`,
    query: { ...filters, fields },
    operation: 'GET /divisions/{id}/tickets.json',
  } as const;
  return client.paginate(call, ticket);
}

/**
 * Uses the file of a failed ticket as it is, when `canBeForceUsed` says that it can be. The ticket then tells the
 * asset.
 * @throws ShowpadError
 */
export async function forceUseTicket(client: ShowpadClient, ticketId: string): Promise<void> {
  await client.request({
    api: 'v3',
    method: 'POST',
    path: path`/tickets/${ticketId}/force-use`,
    operation: 'POST /tickets/{id}/force-use',
    schema: z.unknown(),
  });
}

/**
 * The latest moment that a ticket's `queuedAt` can mean, in milliseconds since the epoch; null when it says none.
 * Showpad declares a date, its newer samples have a time with an offset, its older ones a time without, taken as UTC.
 */
export function latestQueuedAt({ queuedAt }: Pick<Ticket, 'queuedAt'>): number | null {
  const [, date, time, offset] = queuedAtForm.exec(queuedAt ?? '') ?? [];
  if (date === undefined) return null;
  const moment = Date.parse(`${date}T${time ?? '23:59:59.999'}${offset?.toUpperCase() ?? 'Z'}`);
  return Number.isNaN(moment) ? null : moment;
}

const queuedAtForm = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(z|[+-]\d\d:?\d\d)?)?$/i;
