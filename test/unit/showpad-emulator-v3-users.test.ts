import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller } from '../showpad-caller.ts';
import { createV3Caller } from '../showpad-v3-caller.ts';

let nowMs: number;
let showpad: ShowpadEmulator;
let call: ReturnType<typeof createV3Caller>['call'];

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({
    now: () => nowMs,
    users: [
      { email: 'Jo@example.com', id: 'jo', firstName: 'Jo', myFiles: { divisionId: 'jos-files' } },
      { email: 'jo+x@example.com', id: 'plus' },
      { email: 'twin@example.com', id: 'twin1', userName: 'twin-1' },
      { email: 'twin@example.com', id: 'twin2', userName: 'twin-2', isActive: false },
      { email: 'admin@example.com', id: 'admin', isTokenOwner: true },
    ],
  });
  ({ call } = createV3Caller(showpad));
});

afterEach(() => showpad.close());

async function idsOf(query: string): Promise<unknown[]> {
  const { response } = await call('GET', `/users.json?fields=id&${query}`);
  return (response['items'] as { id: string }[]).map(({ id }) => id);
}

describe('users', () => {
  test('by default there are three active ones, one inactive, and the account that the token acts as', async () => {
    const other = await startShowpadEmulator();
    expect(other.users.map(({ email, isActive }) => `${email} ${String(isActive)}`)).toEqual([
      'jo@example.com true',
      'sam@example.com true',
      'kim@example.com true',
      'pat@example.com false',
      'connector@example.com true',
    ]);
    const { response } = await createV3Caller(other).call('GET', '/users/me.json?fields=email');
    expect(response).toEqual({ email: 'connector@example.com' });
    await other.close();
  });

  test('a list shows no e-mail address unless it is asked for', async () => {
    const bare = await call('GET', '/users.json?email=admin%40example.com');
    expect(bare.response).toMatchObject({
      count: 1,
      items: [{ id: 'admin', resourcetype: 'User', userName: 'admin@example.com' }],
    });
    expect(JSON.stringify(bare.response)).not.toContain('"email"');
    const asked = await call('GET', '/users.json?email=admin%40example.com&fields=id,email,isActive');
    expect(asked.response['items']).toEqual([{ id: 'admin', email: 'admin@example.com', isActive: true }]);
  });

  test.each([
    ['email=jo%2Bx%40example.com', ['plus']],
    ['email=jo+x%40example.com', []],
    ['email=twin%40example.com', ['twin1', 'twin2']],
    ['email=twin%40example.com&isActive=true', ['twin1']],
    ['userName=twin-2', ['twin2']],
    ['isActive=false', ['twin2']],
    ['firstName=Jo', ['jo']],
    ['sort=-userName&limit=2&offset=1', ['twin1', 'plus']],
    ['externalId=x', []],
  ])('%s finds %j', async (query, expected) => {
    const ids = await idsOf(query);
    expect(ids).toEqual(expected);
  });

  test.each([
    ['ignore-case', ['jo'], []],
    ['exact', [], []],
    ['partial', ['jo'], ['jo', 'plus']],
  ] as const)(
    'an address in another case, and a part of one, with userFilters %s',
    async (how, whole, part) => {
      showpad.switches.userFilters = how;
      expect(await idsOf('email=jo%40example.com')).toEqual(whole);
      expect(await idsOf('email=JO')).toEqual(part);
    },
  );

  test.each([true, false])('the limits of My Files are told: %s', async (personalLimitsTold) => {
    Object.assign(showpad.switches, { personalLimitsTold });
    const fields =
      'myUploadsDivisionId,personalContentFileSizeUsed,personalContentIndividualFileSizeLimit,' +
      'personalContentTotalFileSizeLimit,isPersonalContentTotalUnlimited';
    const { response } = await call('GET', `/users/jo.json?fields=${fields}`);
    const limits = {
      personalContentFileSizeUsed: 0,
      personalContentIndividualFileSizeLimit: 5 * 1024 ** 3,
      personalContentTotalFileSizeLimit: 50 * 1024 ** 3,
      isPersonalContentTotalUnlimited: false,
    };
    expect(response).toEqual({ myUploadsDivisionId: 'jos-files', ...(personalLimitsTold ? limits : {}) });
  });

  test('API v4 shows nothing of what only API v3 knows', async () => {
    const { json } = await createShowpadCaller(showpad).call('GET', '/users/jo');
    expect(Object.keys(json as object)).toEqual([
      'id',
      'email',
      'firstName',
      'lastName',
      'createdAt',
      'updatedAt',
    ]);
  });

  test.each([
    ['two owners of the token', [{ isTokenOwner: true }, { isTokenOwner: true }]],
    ['a userName twice', [{}, {}]],
  ])('a seed with %s is refused', async (_, users) => {
    const given = users.map((user) => ({ email: 'a@example.com', ...user }));
    await expect(startShowpadEmulator({ users: given })).rejects.toThrow('The seed has');
  });
});

describe('the envelope', () => {
  test('tells the time and the budget', async () => {
    const { status, meta } = await call('GET', '/users/jo.json');
    expect(status).toBe(200);
    expect(meta).toEqual({
      code: 200,
      message: 'OK',
      serverTime: '2026-11-23T12:00:00+00:00',
      lastUpdatedTime: '2026-11-23T12:00:00+00:00',
      requestRateLimit: 5000,
      requestRateLimitReset: 86_400,
      requestsRemaining: 4999,
      userTimezone: { offset: '+00:00', name: 'UTC' },
    });
  });

  test.each(['/users/jo', '/users/jo.json', '/users/me', '/users', '/tickets/count'])(
    'the path %s is understood',
    async (path) => {
      expect((await call('GET', path)).status).toBe(200);
    },
  );

  test.each([
    ['GET', '/nothing.json', 404, 3004],
    ['GET', '/users/nobody.json', 404, 3004],
    ['GET', '/assets/nothing.json', 404, 3004],
    ['PUT', '/users/jo.json', 405, 405],
    ['GET', '/users/jo.json?method=delete', 405, 405],
    ['GET', '/users.json?limit=many', 400, 2003],
    ['GET', '/users.json?limit=-1', 400, 2002],
    ['GET', '/users.json?limit=1.5', 400, 2004],
    ['GET', '/users.json?limit=1001', 400, 2001],
    ['GET', '/users.json?isActive=maybe', 400, 2001],
    ['GET', '/tickets.json?sort=assetFilename', 400, 2001],
  ] as const)('%s %s is answered with %d and the error number %d', async (method, path, status, code) => {
    const answer = await call(method, path);
    expect(answer).toMatchObject({ status, meta: { code: status }, response: { code } });
    expect(answer.response['name']).toMatch(/Error$/u);
  });

  test.each([null, 'wrong'])('the token %j is refused with 401', async (token) => {
    expect(await call('GET', '/users/me.json', { token })).toMatchObject({
      status: 401,
      meta: { code: 401 },
    });
  });

  test('errors come under HTTP 200 when a request or the switch wants it, other answers stay as they are', async () => {
    const suppressed = await call('GET', '/users/nobody.json?suppress_response_codes=true');
    expect(suppressed).toMatchObject({ status: 200, meta: { code: 404 }, response: { code: 3004 } });
    showpad.switches.errorsUnderHttp200 = true;
    expect(await call('GET', '/users/nobody.json')).toMatchObject({ status: 200, meta: { code: 404 } });
    expect(await call('GET', '/users/jo.json')).toMatchObject({ status: 200, meta: { code: 200 } });
  });

  test('a scripted error has the envelope of API v3', async () => {
    showpad.faults.add({
      match: { path: '/api/v3/users/{id}.json' },
      action: { kind: 'status', status: 503 },
    });
    const answer = await call('GET', '/users/jo.json');
    expect(answer).toMatchObject({ status: 503, meta: { code: 503, message: 'Service Unavailable' } });
    expect((await call('GET', '/users/jo.json')).status).toBe(200);
  });

  test('the log shows what was asked and answered, without the token', async () => {
    await call('GET', '/users.json?email=a%40b');
    expect(showpad.requests.at(-1)).toMatchObject({
      listener: 'api',
      method: 'GET',
      path: '/api/v3/users.json',
      query: 'email=a%40b',
      status: 200,
      answer: { meta: { code: 200 }, response: { count: 0, items: [] } },
    });
    expect(JSON.stringify(showpad.requests)).not.toContain(showpad.token);
  });
});

describe('the budget', () => {
  test.each([3, null])(
    'ends in 429 with Retry-After %j until the window is over',
    async (retryAfterSeconds) => {
      showpad.switches.v3Budget = { limit: 2, windowSeconds: 60, retryAfterSeconds };
      const remaining = [];
      for (const path of ['/users/jo', '/users/nobody']) {
        remaining.push((await call('GET', path)).meta['requestsRemaining']);
      }
      expect(remaining).toEqual([1, 0]);
      const refused = await call('GET', '/users/jo');
      expect(refused).toMatchObject({ status: 429, meta: { code: 429, requestsRemaining: 0 } });
      expect(refused.headers['retry-after']).toBe(retryAfterSeconds?.toString());
      nowMs += 60_000;
      expect(await call('GET', '/users/jo')).toMatchObject({ status: 200, meta: { requestsRemaining: 1 } });
    },
  );

  test('API v4 does not use it up', async () => {
    showpad.switches.v3Budget = { limit: 1, windowSeconds: 60, retryAfterSeconds: null };
    await createShowpadCaller(showpad).call('GET', '/users');
    expect((await call('GET', '/users/jo')).status).toBe(200);
  });

  test.each([
    ['window', 60],
    ['countdown', 45],
  ] as const)('tells the reset as a %s', async (v3BudgetReset, expected) => {
    Object.assign(showpad.switches, { v3BudgetReset, v3Budget: { limit: 9, windowSeconds: 60 } });
    await call('GET', '/users/jo');
    nowMs += 15_000;
    expect((await call('GET', '/users/jo')).meta['requestRateLimitReset']).toBe(expected);
  });
});
