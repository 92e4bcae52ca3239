import * as z from 'zod';
import type { ShowpadClient } from './client.ts';
import { id } from './id.ts';
import { path } from './path.ts';

const user = z.object({
  id,
  email: z.string(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
});
export type User = z.infer<typeof user>;

/**
 * The users with this e-mail address, compared without case. Addresses with a comma in them cannot be asked for.
 * @throws ShowpadError; RangeError for an address with a comma in it
 */
export async function findUsersByEmail(client: ShowpadClient, email: string): Promise<User[]> {
  const query = { emails: [email] };
  const call = { api: 'v4', method: 'GET', path: path`/users`, query, operation: 'GET /users' } as const;
  const users: User[] = [];
  for await (const found of client.paginate(call, user)) {
    if (found.email.toLowerCase() === email.toLowerCase()) users.push(found);
  }
  return users;
}
