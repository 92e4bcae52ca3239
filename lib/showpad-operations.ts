import type { Operation } from './showpad/errors.ts';

/**
 * What metrics tell apart of the calls to Showpad: what they are for. A closed set, because each of its members is
 * a metric of its own that has its price.
 */
export const operationGroups = [
  'read',
  'write',
  'look-up',
  'upload-link',
  'upload',
  'my-files',
  'ticket',
  'token',
  'other',
] as const;
export type OperationGroup = (typeof operationGroups)[number];

const groups: Readonly<Partial<Record<Operation, OperationGroup>>> = {
  'GET /assets': 'read',
  'GET /assets/{assetId}': 'read',
  'POST /assets/query': 'read',
  'GET /assets/{assetId}/files': 'read',
  'GET /assets/{assetId}/files/{fileId}': 'read',
  'POST /assets': 'write',
  'POST /assets/{assetId}': 'write',
  'DELETE /assets/{assetId}': 'write',
  'POST /tags': 'write',
  'POST /tags/{tagId}': 'write',
  'DELETE /tags/{tagId}': 'write',
  'POST /tag-categories': 'write',
  'POST /tag-categories/{tagCategoryId}/tags': 'write',
  'GET /divisions': 'look-up',
  'GET /divisions/{divisionId}': 'look-up',
  'GET /tags': 'look-up',
  'GET /tags/{tagId}': 'look-up',
  'GET /tag-categories': 'look-up',
  'GET /tag-categories/{tagCategoryId}': 'look-up',
  'GET /users': 'look-up',
  'GET /users/{userId}': 'look-up',
  'GET /users.json': 'look-up',
  'GET /users/{id}.json': 'look-up',
  'POST /assets/{assetId}/files': 'upload-link',
  'PUT upload link': 'upload',
  'POST /divisions/{id}/assets.json': 'my-files',
  'GET /tickets/{id}.json': 'ticket',
  'GET /tickets.json': 'ticket',
  'GET /divisions/{id}/tickets.json': 'ticket',
  'POST /tickets/{id}/force-use': 'ticket',
  'POST /oauth2/token': 'token',
};

/** The group of a call; `other` for one that nobody has put into a group. */
export function operationGroupOf(operation: Operation): OperationGroup {
  return groups[operation] ?? 'other';
}
