import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { request } from 'undici';
import * as z from 'zod';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller } from '../showpad-caller.ts';
import { createV3Caller } from '../showpad-v3-caller.ts';

const clientId = 'connector';
const clientSecret = 'canary-client-secret';
const password = 'canary-password';
const asClient = { client_id: clientId, client_secret: clientSecret };
const login = { grant_type: 'password', username: 'bot@example.com', password };

let nowMs: number;
let showpad: ShowpadEmulator;
beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({
    now: () => nowMs,
    oauthClients: [
      { clientId, clientSecret },
      { clientId: 'other', clientSecret: 'other-secret' },
    ],
    users: [
      { email: 'bot@example.com', password },
      { email: 'pat@example.com', password, isActive: false },
      { email: 'jo@example.com' },
    ],
  });
});
afterEach(() => showpad.close());

interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: unknown;
}

async function send(body: string, headers: Record<string, string>): Promise<Asked> {
  const answer = await request(`${showpad.v3Url}/oauth2/token`, { method: 'POST', headers, body });
  return { status: answer.statusCode, headers: answer.headers, json: await answer.body.json() };
}
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const basic = (id = clientId, secret = clientSecret) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const ask = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  send(new URLSearchParams(fields).toString(), { ...formType, ...headers });

const grantSchema = z.object({ access_token: z.string(), refresh_token: z.string().optional() });
async function granted(fields: Record<string, string>): Promise<{ access: string; refresh: string }> {
  const { status, json } = await ask({ ...asClient, ...fields });
  if (status !== 200) throw new Error(`It was refused: ${JSON.stringify(json)}`);
  const { access_token: access, refresh_token: refresh = '' } = grantSchema.parse(json);
  return { access, refresh };
}
const refreshWith = (token: string) => ({ grant_type: 'refresh_token', refresh_token: token });
const statusOf = async (token: string): Promise<number[]> => [
  (await createShowpadCaller(showpad).call('GET', '/divisions', { token })).status,
  (await createV3Caller(showpad).call('GET', '/users/me.json', { token })).status,
];

describe('the token endpoint of the emulator', () => {
  test('lets a user log in, who then acts on both APIs until the token expires', async () => {
    const { status, json, headers } = await ask({ ...asClient, ...login });
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        access_token: expect.stringMatching(/^\w{48}$/),
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: expect.stringMatching(/^\w{48}$/),
      },
    });
    expect(headers['cache-control']).toBe('no-store');
    const token = grantSchema.parse(json).access_token;
    expect(await statusOf(token)).toEqual([200, 200]);
    const { response } = await createV3Caller(showpad).call('GET', '/users/me.json', { token });
    expect(response['email']).toBe('bot@example.com');
    const personal = await createV3Caller(showpad).call('GET', '/users/me.json');
    expect(personal.response['email']).toBe('connector@example.com');

    nowMs += 3_599_999;
    expect(await statusOf(token)).toEqual([200, 200]);
    nowMs += 1;
    expect(await statusOf(token)).toEqual([401, 401]);
    expect(await statusOf(showpad.token)).toEqual([200, 200]);
  });

  test.each([
    ['both', 'basic', 200],
    ['both', 'body', 200],
    ['basic', 'basic', 200],
    ['basic', 'body', 401],
    ['body', 'basic', 401],
    ['body', 'body', 200],
  ] as const)('that takes %s as client authentication answers %s with %i', async (taken, form, expected) => {
    showpad.switches.oauthClientAuthentication = taken;
    const answer = await (form === 'basic' ? ask(login, basic()) : ask({ ...asClient, ...login }));
    expect(answer.status).toBe(expected);
    if (expected === 401) {
      expect(answer.json).toMatchObject({ error: 'invalid_client' });
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    }
  });

  test('takes multipart/form-data too, and no JSON', async () => {
    const parts = Object.entries({ ...asClient, ...login }).map(
      ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await send(`${parts.join('')}--x--\r\n`, multipart)).status).toBe(200);
    const json = await send(JSON.stringify({ ...asClient, ...login }), {
      'content-type': 'application/json',
    });
    expect(json).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
  });

  const wrong = { ...asClient, ...login };
  test.each<[string, Record<string, string>, string]>([
    ['a wrong client secret', { ...wrong, client_secret: 'x' }, 'invalid_client'],
    ['no client', login, 'invalid_client'],
    ['a wrong password', { ...wrong, password: 'x' }, 'invalid_grant'],
    ['an unknown user', { ...wrong, username: 'x' }, 'invalid_grant'],
    ['an inactive user', { ...wrong, username: 'pat@example.com' }, 'invalid_grant'],
    [
      'a user without a password',
      { ...wrong, username: 'jo@example.com', password: 'undefined' },
      'invalid_grant',
    ],
    ['an unknown refresh token', { ...asClient, ...refreshWith('x') }, 'invalid_grant'],
    ['no grant type', asClient, 'invalid_request'],
    ['an empty password', { ...wrong, password: '' }, 'invalid_request'],
    ['the grant of a client', { ...asClient, grant_type: 'client_credentials' }, 'unsupported_grant_type'],
  ])('refuses %s', async (_what, fields, error) => {
    expect((await ask(fields)).json).toMatchObject({ error });
  });

  test('refuses a client that signs in twice over, and a parameter that comes twice', async () => {
    expect((await ask({ ...asClient, ...login }, basic())).json).toMatchObject({ error: 'invalid_request' });
    const twice = `${new URLSearchParams({ ...asClient, ...login }).toString()}&username=x`;
    expect((await send(twice, formType)).json).toMatchObject({ error: 'invalid_request' });
  });

  test('refuses the refresh token of another client', async () => {
    const { refresh } = await granted(login);
    const answer = await ask(refreshWith(refresh), basic('other', 'other-secret'));
    expect(answer.json).toMatchObject({ error: 'invalid_grant' });
  });

  test.each([
    ['old-dies', [true, false], true],
    ['old-lives', [true, true], true],
    ['none', [true, true], false],
  ] as const)('with the rotation %s lets a refresh token be used: %j', async (rotation, uses, isNew) => {
    showpad.switches.refreshTokenRotation = rotation;
    const { refresh } = await granted(login);
    const answers: Asked[] = [];
    for (const _use of uses) answers.push(await ask({ ...asClient, ...refreshWith(refresh) }));
    expect(answers.map(({ status }) => status === 200)).toEqual(uses);
    const { refresh_token: next } = grantSchema.parse(answers[0]?.json);
    expect(next !== undefined && next !== refresh).toBe(isNew);
    if (next !== undefined)
      expect(await statusOf((await granted(refreshWith(next))).access)).toEqual([200, 200]);
  });

  test('lets refresh tokens end', async () => {
    showpad.switches.refreshTokenSeconds = 60;
    const { refresh } = await granted(login);
    nowMs += 60_000;
    expect((await ask({ ...asClient, ...refreshWith(refresh) })).json).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('writes expires_in as a number or as text, whatever the lifetime', async () => {
    Object.assign(showpad.switches, { accessTokenSeconds: 1, expiresInForm: 'text' });
    const { json } = await ask({ ...asClient, ...login });
    expect(json).toMatchObject({ expires_in: '1' });
    const token = grantSchema.parse(json).access_token;
    expect(await statusOf(token)).toEqual([200, 200]);
    nowMs += 1000;
    expect(await statusOf(token)).toEqual([401, 401]);
  });

  test('answers errors in the envelope of API v3 where it is switched so, also under HTTP 200', async () => {
    showpad.switches.oauthErrors = 'envelope';
    const refused = {
      meta: { code: 400 },
      response: { code: 400, message: 'The user name or the password is wrong.' },
    };
    const fields = { ...asClient, ...login, password: 'x' };
    expect(await ask(fields)).toMatchObject({ status: 400, json: refused });
    showpad.switches.errorsUnderHttp200 = true;
    expect(await ask(fields)).toMatchObject({ status: 200, json: refused });
  });

  test('revokes access tokens, also for those who steer it from outside', async () => {
    const first = await granted(login);
    showpad.revokeAccessTokens();
    expect(await statusOf(first.access)).toEqual([401, 401]);
    const second = await granted(refreshWith(first.refresh));
    const { statusCode } = await request(`${showpad.controlUrl}/tokens`, { method: 'DELETE' });
    expect(statusCode).toBe(204);
    expect(await statusOf(second.access)).toEqual([401, 401]);
  });

  test('ends the tokens of a user who is no longer active', async () => {
    const { access, refresh } = await granted(login);
    for (const user of showpad.users) user.isActive = false;
    expect(await statusOf(access)).toEqual([401, 401]);
    expect((await ask({ ...asClient, ...refreshWith(refresh) })).json).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('has faults and the budget of API v3 like every operation', async () => {
    const path = '/api/v3/oauth2/token';
    showpad.faults.add({ match: { path, times: 1 }, action: { kind: 'status', status: 503, retryAfter: 3 } });
    expect(await ask({ ...asClient, ...login })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '3' },
    });
    showpad.switches.v3Budget = { limit: 0, windowSeconds: 60, retryAfterSeconds: 9 };
    expect(await ask({ ...asClient, ...login })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '9' },
    });
  });

  test('keeps secrets out of the request log', async () => {
    const { access, refresh } = await granted(login);
    await ask(refreshWith(refresh), basic());
    await ask({ ...asClient, ...login, grant_type: 'canary-password' });
    await statusOf(access);
    const text = JSON.stringify(showpad.requests);
    for (const secret of ['canary', access, refresh]) expect(text).not.toContain(secret);
    expect(showpad.requests[0]).toMatchObject({
      body: { grant_type: 'password', username: '(left out)' },
      answer: { token_type: 'Bearer', access_token: '(left out)' },
    });
    const { body } = await request(`${showpad.controlUrl}/state`);
    expect(await body.text()).not.toContain('canary');
  });
});
