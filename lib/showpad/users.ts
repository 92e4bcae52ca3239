import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id } from './id.ts';
import { path } from './path.ts';

const user = z.object({
  id,
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
});
export type User = z.infer<typeof user>;

/** Filters of `GET /users`, and-ed. */
export interface UserFilters {
  readonly ids?: readonly string[];
  readonly emails?: readonly string[];
}

/** @throws ShowpadError; RangeError for an id or an address with a comma in it */
export function listUsers(
  client: ShowpadClient,
  filters: UserFilters = {},
): AsyncGenerator<User, void, undefined> {
  const query = { ...filters };
  return client.paginate(
    { api: 'v4', method: 'GET', path: path`/users`, query, operation: 'GET /users' },
    user,
  );
}

/**
 * The users with this e-mail address, compared without case. Addresses with a comma in them cannot be asked for.
 * @throws ShowpadError; RangeError for an address with a comma in it
 */
export async function findUsersByEmail(client: ShowpadClient, email: string): Promise<User[]> {
  const users: User[] = [];
  for await (const found of listUsers(client, { emails: [email] })) {
    if (found.email?.toLowerCase() === email.toLowerCase()) users.push(found);
  }
  return users;
}

/** @throws ShowpadError, status 404 when the user is absent or not visible to the token */
export function getUser(client: ShowpadClient, userId: string): Promise<User> {
  return client.request({
    api: 'v4',
    method: 'GET',
    path: path`/users/${userId}`,
    operation: 'GET /users/{userId}',
    schema: user,
  });
}
