import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { path } from '../../lib/showpad/path.ts';
import { staticToken } from '../../lib/showpad/token.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const thing = z.object({ id: z.string() });
const read = {
  api: 'v4',
  method: 'GET',
  path: path`/things`,
  operation: 'GET /things',
  schema: thing,
} as const;
const create = { ...read, method: 'POST', operation: 'POST /things', body: {} } as const;

describe('a repeatable call', () => {
  it('is repeated after a server error, with full jitter', async () => {
    const server = await startServer((response, _received, index) =>
      index < 2 ? json(response, 503, {}) : json(response, 200, { id: 'a' }),
    );
    const client = clientOf(server.url);
    expect(await client.request(read)).toEqual({ id: 'a' });
    expect(client.sleeps).toEqual([250, 500]);
  });

  it('is repeated after a broken connection', async () => {
    const server = await startServer((response, _received, index) =>
      index === 0 ? response.destroy() : json(response, 200, { id: 'a' }),
    );
    expect(await clientOf(server.url).request(read)).toEqual({ id: 'a' });
  });

  it('is repeated twice at most', async () => {
    const server = await startServer((response) => json(response, 500, {}));
    const error = await failureOf(clientOf(server.url).request(read));
    expect(error).toMatchObject({ status: 500, retryable: true, outcomeUnknown: false });
    expect(server.requests).toHaveLength(3);
  });

  it('waits a short Retry-After, and leaves a long one to its caller', async () => {
    const short = await startServer((response, _received, index) =>
      index === 0 ? json(response, 429, {}, { 'retry-after': '5' }) : json(response, 200, { id: 'a' }),
    );
    const client = clientOf(short.url);
    expect(await client.request(read)).toEqual({ id: 'a' });
    expect(client.sleeps).toEqual([5250]);

    const long = await startServer((response) => json(response, 429, {}, { 'retry-after': '6' }));
    const error = await failureOf(clientOf(long.url).request(read));
    expect(error).toMatchObject({
      status: 429,
      retryAfterSeconds: 6,
      retryable: true,
      outcomeUnknown: false,
    });
    expect(long.requests).toHaveLength(1);
  });

  it('leaves a 429 without Retry-After to its caller', async () => {
    const server = await startServer((response) => json(response, 429, {}));
    expect(await failureOf(clientOf(server.url).request(read))).toMatchObject({ retryAfterSeconds: null });
    expect(server.requests).toHaveLength(1);
  });

  it('is not repeated once 20 seconds have gone by', async () => {
    const server = await startServer((response) => json(response, 503, {}));
    let now = 0;
    const client = clientOf(server.url, { now: () => (now += 7000) });
    await failureOf(client.request(read));
    expect(server.requests).toHaveLength(1);
  });

  it('is not repeated after a refusal', async () => {
    const server = await startServer((response) => json(response, 400, {}));
    await failureOf(clientOf(server.url).request(read));
    expect(server.requests).toHaveLength(1);
  });

  it('may be any method when its caller says so', async () => {
    const server = await startServer((response, _received, index) =>
      index === 0 ? json(response, 503, {}) : json(response, 200, { id: 'a' }),
    );
    expect(await clientOf(server.url).request({ ...create, idempotent: true })).toEqual({ id: 'a' });
  });
});

describe('a call that must not be repeated', () => {
  it.each([
    [500, true, true],
    [503, true, true],
    [429, true, false],
    [408, true, false],
    [425, true, false],
    [400, false, false],
    [403, false, false],
    [404, false, false],
    [409, false, false],
  ])(
    'is made once when it gets %i (retryable: %s, outcome unknown: %s)',
    async (status, retryable, unknown) => {
      const server = await startServer((response) => json(response, status, {}, { 'retry-after': '1' }));
      const error = await failureOf(clientOf(server.url).request(create));
      expect(error).toMatchObject({ kind: 'response', status, retryable, outcomeUnknown: unknown });
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe('a refused token', () => {
  it('costs one reload for ten concurrent calls', async () => {
    let loads = 0;
    const token = staticToken(() => Promise.resolve(`token-${(loads += 1)}`));
    const server = await startServer((response, { headers }) =>
      headers.authorization === 'Bearer token-1'
        ? json(response, 401, { title: 'Unauthorized', detail: '', status: 401 })
        : json(response, 201, { id: 'a' }),
    );
    const client = clientOf(server.url, { token });
    const calls = Array.from({ length: 10 }, () => client.request(create));
    expect(await Promise.all(calls)).toEqual(calls.map(() => ({ id: 'a' })));
    expect(loads).toBe(2);
    expect(server.requests).toHaveLength(20);
  });

  it('is forgiven once a call, then reported', async () => {
    const server = await startServer((response) => json(response, 401, {}));
    const refused: string[] = [];
    const onTokenRefused = (operation: string): void => void refused.push(operation);
    const error = await failureOf(clientOf(server.url, { onTokenRefused }).request(read));
    expect(error).toMatchObject({ status: 401, retryable: false, outcomeUnknown: false });
    expect(server.requests).toHaveLength(2);
    expect(refused).toEqual([read.operation]);
  });

  it('is forgiven even when the source has no other', async () => {
    const server = await startServer((response, _received, index) =>
      index === 0 ? json(response, 401, {}) : json(response, 201, { id: 'a' }),
    );
    let refusals = 0;
    const onTokenRefused = (): void => void (refusals += 1);
    expect(await clientOf(server.url, { onTokenRefused }).request(create)).toEqual({ id: 'a' });
    expect(refusals).toBe(0);
  });

  it('never shows in the error', async () => {
    const token = staticToken(() => Promise.resolve('canary-secret'));
    const server = await startServer((response, { headers }) =>
      json(response, 403, {
        title: 'Forbidden',
        detail: `Not with ${headers.authorization}; canary-secret is wrong`,
        status: 403,
      }),
    );
    const error = await failureOf(clientOf(server.url, { token }).request(read));
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('canary');
  });
});

describe('a static token', () => {
  it('is loaded once for all who ask', async () => {
    let loads = 0;
    const source = staticToken(() => Promise.resolve(`token-${(loads += 1)}`));
    expect(await Promise.all([source.get(), source.get(), source.get()])).toEqual(Array(3).fill('token-1'));
    expect(await source.get()).toBe('token-1');
  });

  it('is loaded again after a failure', async () => {
    let loads = 0;
    const source = staticToken(() => {
      loads += 1;
      return loads === 1 ? Promise.reject(new Error('The secret store is down.')) : Promise.resolve('token');
    });
    await expect(source.get()).rejects.toThrow('The secret store is down.');
    expect(await source.get()).toBe('token');
  });

  it('is forgotten by value: a late refusal of the old one changes nothing', async () => {
    let loads = 0;
    const source = staticToken(() => Promise.resolve(`token-${(loads += 1)}`));
    const old = await source.get();
    source.reject(old);
    source.reject(old);
    expect(await source.get()).toBe('token-2');
    source.reject(old);
    expect(await source.get()).toBe('token-2');
  });
});
