import { describe, expect, it } from 'vitest';
import { findUsersByEmail, getUser, listUsers } from '../../lib/showpad/users.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const user = { id: 'u1', email: 'jo+x@acme.com', firstName: 'Jo', lastName: null };

async function answering(status: number, body: unknown) {
  const server = await startServer((response) => json(response, status, body));
  return { client: clientOf(server.url), requests: server.requests };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('users', () => {
  it('are listed by ids and addresses', async () => {
    const { client, requests } = await answering(200, { count: 1, items: [{ ...user, createdAt: 'x' }] });
    expect(await all(listUsers(client, { ids: ['u1', 'u2'], emails: ['jo+x@acme.com'] }))).toEqual([user]);
    expect(requests[0]?.url).toBe('/v4/users?ids=u1,u2&emails=jo%2Bx%40acme.com&limit=100&offset=0');
  });

  it('without an address are listed, and never found by one', async () => {
    const nobody = { id: 'u2', email: null };
    const { client } = await answering(200, {
      count: 2,
      items: [nobody, { ...user, email: 'Jo+X@acme.com' }],
    });
    expect(await all(listUsers(client))).toHaveLength(2);
    expect(await findUsersByEmail(client, 'jo+x@acme.com')).toMatchObject([{ id: 'u1' }]);
  });

  it('are read one by one', async () => {
    const { client, requests } = await answering(200, user);
    expect(await getUser(client, 'u1')).toEqual(user);
    expect(requests[0]?.url).toBe('/v4/users/u1');
  });

  it('do not appear with their address in an error', async () => {
    const { client } = await answering(403, {
      title: 'Forbidden',
      detail: 'jo+x@acme.com may not',
      status: 403,
    });
    const error = await failureOf(all(listUsers(client, { emails: ['jo+x@acme.com'] })));
    expect(error).toMatchObject({ status: 403, retryable: false });
    expect(error.message).not.toContain('acme');
  });
});
