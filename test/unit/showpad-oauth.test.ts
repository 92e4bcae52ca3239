import { beforeEach, describe, expect, it } from 'vitest';
import { ShowpadError } from '../../lib/showpad/errors.ts';
import { readTokenAnswer } from '../../lib/showpad/oauth-answer.ts';
import { CredentialsRefused, TokenEndpoint, TooLateToSend } from '../../lib/showpad/oauth.ts';
import { clientOf, json, startRawServer, startServer, type Received } from './showpad-client-server.ts';

const login = {
  grant: 'password',
  clientId: 'canary-client',
  clientSecret: 'canary-secret/+=',
  username: 'jo@example.com',
  password: 'canary pass&word=ü',
} as const;
const refresh = {
  grant: 'refresh_token',
  clientId: 'client',
  clientSecret: 'secret',
  refreshToken: 'canary-refresh',
} as const;
const granted = { access_token: 'access', refresh_token: 'next', expires_in: 3600, token_type: 'Bearer' };

let told: (number | null)[];
beforeEach(() => {
  told = [];
});

function endpointOf(url: string, timeoutMs = 10_000): TokenEndpoint {
  const client = clientOf(url);
  return new TokenEndpoint({
    v3Url: `${url}/api/v3/`,
    withDispatcher: (task) => client.withSockets(task),
    timeoutMs,
    onResponse: ({ operation, status }) => {
      expect(operation).toBe('POST /oauth2/token');
      told.push(status);
    },
  });
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('It did not fail.'),
    (error: unknown) => error,
  );
const formOf = ({ body }: Received) => Object.fromEntries(new URLSearchParams(body));

describe('the token endpoint', () => {
  it('is asked form-encoded, the client signed in by HTTP Basic', async () => {
    const server = await startServer((response) => json(response, 200, granted));
    const grant = await endpointOf(server.url).ask(login);
    expect(grant).toEqual({ accessToken: 'access', lifetimeSeconds: 3600, refreshToken: 'next' });
    const [received] = server.requests;
    expect(received).toMatchObject({
      method: 'POST',
      url: '/api/v3/oauth2/token',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('canary-client:canary-secret/+=').toString('base64')}`,
      },
    });
    expect(received && formOf(received)).toEqual({
      grant_type: 'password',
      username: 'jo@example.com',
      password: 'canary pass&word=ü',
    });
    expect(told).toEqual([200]);
  });

  it('is asked for the next token with the last refresh token', async () => {
    const server = await startServer((response) => json(response, 200, granted));
    await endpointOf(server.url).ask(refresh);
    expect(server.requests.map(formOf)).toEqual([
      { grant_type: 'refresh_token', refresh_token: 'canary-refresh' },
    ]);
  });

  it.each([
    ['invalid_client', 401, { error: 'invalid_client' }],
    ['invalid_request', 400, { error: 'invalid_request' }],
    ['unauthorized_client', 400, { error: 'unauthorized_client' }],
    ['a plain 400', 400, ''],
    ['a plain 401', 401, {}],
    ["API v3's envelope", 401, { meta: { code: 401 }, response: { code: 401, name: 'X', message: 'no' } }],
    ["API v3's envelope under 200", 200, { meta: { code: 401 }, response: {} }],
  ])(
    'that refuses HTTP Basic with %s finds the client in the body, from then on at once',
    async (_, status, body) => {
      const server = await startServer((response, { headers }) =>
        headers.authorization === undefined ? json(response, 200, granted) : json(response, status, body),
      );
      const endpoint = endpointOf(server.url);
      await endpoint.ask(login);
      await endpoint.ask(refresh);
      expect(server.requests.map(({ headers }) => headers.authorization !== undefined)).toEqual([
        true,
        false,
        false,
      ]);
      expect(server.requests.slice(1).map(formOf)).toEqual([
        expect.objectContaining({ client_id: 'canary-client', client_secret: 'canary-secret/+=' }),
        expect.objectContaining({ client_id: 'client', client_secret: 'secret' }),
      ]);
    },
  );

  it('is never given a client by HTTP Basic whose id has a colon', async () => {
    const server = await startServer((response) => json(response, 200, granted));
    await endpointOf(server.url).ask({ ...refresh, clientId: 'a:b' });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('that says invalid_grant is asked once', async () => {
    const server = await startServer((response) => json(response, 400, { error: 'invalid_grant' }));
    const error = await failureOf(endpointOf(server.url).ask(login));
    expect(error).toBeInstanceOf(CredentialsRefused);
    expect(error).toMatchObject({ reason: 'invalid_grant' });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [{ error: 'invalid_client', error_description: 'canary' }, 401, 'invalid_client'],
    [{ error: 'unauthorized_client' }, 400, 'unauthorized_client'],
    [
      { meta: { code: 401 }, response: { code: 401, name: 'UnauthorizedError', message: 'canary' } },
      401,
      'UnauthorizedError',
    ],
    ['canary', 403, 'status 403'],
  ])('that refuses both forms refuses the credentials: %j', async (body, status, reason) => {
    const server = await startServer((response) => json(response, status, body));
    const error = await failureOf(endpointOf(server.url).ask(login));
    expect(error).toBeInstanceOf(CredentialsRefused);
    expect(error).toMatchObject({ reason });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [500, {}, null],
    [503, { error: 'temporarily_unavailable' }, 7],
    [400, { error: 'server_error' }, null],
    [429, { error: 'invalid_request' }, 7],
    [404, 'canary', null],
    [200, { access_token: 'can ary' }, null],
    [200, {}, null],
    [200, '<html>', null],
  ])('that answers %i %j may be asked again later, and is not at once', async (status, body, retryAfter) => {
    const headers = retryAfter === null ? {} : { 'retry-after': String(retryAfter) };
    const server = await startServer((response) => json(response, status, body, headers));
    const error = await failureOf(endpointOf(server.url).ask(login));
    expect(error).toBeInstanceOf(ShowpadError);
    expect(error).toMatchObject({ retryable: true, retryAfterSeconds: retryAfter });
    expect(server.requests).toHaveLength(1);
  });

  it('that stalls is given up after its time', async () => {
    const server = await startServer(() => undefined);
    const error = await failureOf(endpointOf(server.url, 50).ask(login));
    expect(error).toMatchObject({ kind: 'timeout', title: 'No answer in time', retryable: true });
    expect(told).toEqual([null]);
  });

  it('that stalls in the middle of its answer is given up too', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_');
    });
    expect(await failureOf(endpointOf(server.url, 100).ask(login))).toMatchObject({ kind: 'timeout' });
  });

  it('that resets the connection, or is not there, fails for now', async () => {
    const server = await startRawServer((request) => void request.socket.resetAndDestroy());
    expect(await failureOf(endpointOf(server.url).ask(login))).toMatchObject({
      kind: 'network',
      retryable: true,
    });
    expect(await failureOf(endpointOf('http://127.0.0.1:1').ask(login))).toMatchObject({ kind: 'network' });
  });

  it('gets no byte of a request that comes too late, even on a connection that stands', async () => {
    const server = await startServer((response) => json(response, 200, granted));
    const endpoint = endpointOf(server.url);
    await endpoint.ask(refresh);
    expect(await failureOf(endpoint.ask(refresh, () => false))).toBeInstanceOf(TooLateToSend);
    expect(await failureOf(endpointOf(server.url).ask(refresh, () => false))).toBeInstanceOf(TooLateToSend);
    expect(server.requests).toHaveLength(1);
    let looks = 0;
    await endpoint.ask(refresh, () => (looks += 1) > 0);
    expect({ looks, requests: server.requests.length }).toEqual({ looks: 1, requests: 2 });
  });

  it('never has what was sent repeated in an error, whatever it answers', async () => {
    for (const status of [200, 400, 401, 403, 404, 429, 500]) {
      const server = await startServer((response, { body, headers }) => {
        const echo = `${body} ${headers.authorization} ${JSON.stringify(login)}`;
        json(response, status, { error: echo, error_description: echo, title: echo, message: echo });
      });
      const error = await failureOf(endpointOf(server.url).ask(login));
      const { message, stack, cause } = error as Error;
      const text = JSON.stringify([error, message, stack, String(cause)]);
      expect(text).not.toMatch(/canary|jo@example|pass|Basic /);
    }
  });
});

describe('an answer of the token endpoint', () => {
  it.each([
    [3600, 3600],
    ['3600', 3600],
    [' 1800.5 ', 1800.5],
    [0, 1],
    [-5, 1],
    [1e9, 30 * 86_400],
    [undefined, 3600],
    [null, 3600],
    ['soon', 3600],
  ])('with expires_in %j lasts %d s', (seconds, lifetimeSeconds) => {
    const body = { access_token: 'access', expires_in: seconds };
    expect(readTokenAnswer(200, body)).toEqual({
      accessToken: 'access',
      lifetimeSeconds,
      refreshToken: null,
    });
  });

  it('may stand in the envelope of API v3', () => {
    const grant = { accessToken: 'access', lifetimeSeconds: 3600, refreshToken: 'next' };
    expect(readTokenAnswer(200, { meta: { code: 200 }, response: granted })).toEqual(grant);
    expect(readTokenAnswer(200, { meta: { code: 200 }, ...granted })).toEqual(grant);
  });

  it('without a usable access token is none', () => {
    const bodies = [undefined, null, 'access', [], {}, { access_token: '' }, { access_token: 'a\r\nb' }];
    for (const body of bodies) expect(readTokenAnswer(200, body)).toBeNull();
  });
});
