import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { EmulatedAsset } from '../asset-resource.ts';
import type { ShowqlQuery } from './parse-showql.ts';

const cursorSchema = z.strictObject({
  query: z.string(),
  value: z.union([z.string(), z.number(), z.null()]),
  id: z.string(),
});

/** Where a page of results ended: at an asset's place in the order, so that later pages repeat nothing. */
export interface SearchPlace {
  readonly value: string | number | null;
  readonly id: string;
}

export function placeOf(asset: EmulatedAsset, { order }: ShowqlQuery): SearchPlace {
  return { value: order.read(asset), id: asset.id };
}

/**
 * Sorts by the order that the query asks for, assets without a value last. The rest of the order is arbitrary
 * (by id), for Showpad promises none.
 */
export function comparePlaces(left: SearchPlace, right: SearchPlace, isDescending: boolean): number {
  if (left.value !== right.value) {
    if (left.value === null) return 1;
    if (right.value === null) return -1;
    return left.value < right.value === isDescending ? 1 : -1;
  }
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}

export function encodeCursor(query: string, place: SearchPlace): string {
  return Buffer.from(JSON.stringify({ query: digest(query), ...place })).toString('base64url');
}

/** The place that a cursor stands for, or undefined when it is none or was given for another query. */
export function decodeCursor(query: string, cursor: string): SearchPlace | undefined {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  const { data } = cursorSchema.safeParse(content);
  return data?.query === digest(query) ? { value: data.value, id: data.id } : undefined;
}

function digest(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 16);
}
