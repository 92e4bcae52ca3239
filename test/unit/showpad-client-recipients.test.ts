import { describe, expect, it } from 'vitest';
import { findRecipients, getMyFilesDivision, largestFittingBytes } from '../../lib/showpad/recipients.ts';
import type { MyFilesDivision } from '../../lib/showpad/recipients.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const jo = { id: 'u1', resourcetype: 'User', userName: 'jo', email: 'Jo+X@Example.com', isActive: true };

/** Answers as API v3 does, one of `responses` after the other and then the last one again. */
async function answering(...responses: unknown[]) {
  const server = await startServer((response, _received, index) =>
    json(response, 200, {
      meta: { code: 200, message: 'OK' },
      response: responses[index] ?? responses.at(-1),
    }),
  );
  return { client: clientOf(server.url), requests: server.requests };
}

function list(...items: unknown[]) {
  return { count: items.length, items };
}

describe('people', () => {
  it('are searched by their address, percent-encoded, and asked for the fields that matter', async () => {
    const { client, requests } = await answering(list(jo));
    expect(await findRecipients(client, 'jo+x@example.com')).toEqual([{ id: 'u1', isActive: true }]);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      method: 'GET',
      url: '/api/v3/users.json?email=jo%2Bx%40example.com&fields=id,userName,email,isActive&limit=100&offset=0',
    });
  });

  it.each([
    ['an address in other letters', { id: 'u1', email: 'JO@EXAMPLE.COM' }, true],
    ['a user name in place of an address', { id: 'u1', userName: 'jo@example.com' }, true],
    ['a user name beside an empty address', { id: 'u1', email: '', userName: 'jo@example.com' }, true],
    ['an address that only begins like it', { id: 'u1', email: 'jo@example.com.au' }, false],
    ['the user name of somebody else', { id: 'u1', email: 'al@b.c', userName: 'jo@example.com' }, false],
    ['nothing to know them by', { id: 'u1', email: null, userName: null }, false],
  ])('with %s are told apart', async (_name, item, isFound) => {
    const { client } = await answering(list(item));
    const expected = isFound ? [{ id: 'u1', isActive: true }] : [];
    expect(await findRecipients(client, 'jo@example.com')).toEqual(expected);
  });

  it.each([
    [true, true],
    [false, false],
    ['false', false],
    ['true', true],
    [0, false],
    [null, true],
    [undefined, true],
    ['perhaps', true],
  ])('are inactive only when Showpad says so: %j', async (isActive, expected) => {
    const { client } = await answering(list({ ...jo, isActive }));
    expect(await findRecipients(client, jo.email)).toEqual([{ id: 'u1', isActive: expected }]);
  });

  it('with the same address are all found, each once, on every page', async () => {
    const { client, requests } = await answering(
      { count: 3, items: [jo, { ...jo, id: 'u2', isActive: false }] },
      { count: 3, items: [jo] },
    );
    expect(await findRecipients(client, jo.email)).toEqual([
      { id: 'u1', isActive: true },
      { id: 'u2', isActive: false },
    ]);
    expect(requests).toHaveLength(2);
  });

  it('are searched in small letters when the address as given finds nobody', async () => {
    const { client, requests } = await answering(list(), list({ ...jo, email: 'jo@example.com' }));
    expect(await findRecipients(client, 'Jo@Example.com')).toEqual([{ id: 'u1', isActive: true }]);
    expect(requests.map(({ url }) => new URL(url, 'http://showpad').searchParams.get('email'))).toEqual([
      'Jo@Example.com',
      'jo@example.com',
    ]);
  });

  it('who are not there are searched once', async () => {
    const { client, requests } = await answering(list());
    expect(await findRecipients(client, 'jo@example.com')).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  it('do not appear with their address in an error', async () => {
    const server = await startServer((response) =>
      json(response, 403, {
        meta: { code: 403 },
        response: { code: 3008, name: 'E', message: 'jo@example.com may not' },
      }),
    );
    const error = await failureOf(findRecipients(clientOf(server.url), 'jo@example.com'));
    expect(error).toMatchObject({ operation: 'GET /users.json', status: 403, retryable: false });
    expect(`${error.message} ${error.stack}`).not.toContain('example');
  });
});

describe('the My Files of a person', () => {
  it('are asked for with their limits', async () => {
    const { client, requests } = await answering({
      myUploadsDivisionId: 'd1',
      personalContentIndividualFileSizeLimit: 5_000_000_000,
      personalContentTotalFileSizeLimit: '10000000000',
      personalContentFileSizeUsed: 0,
      isPersonalContentTotalUnlimited: false,
    });
    expect(await getMyFilesDivision(client, 'u1')).toEqual({
      divisionId: 'd1',
      individualLimitBytes: 5_000_000_000,
      totalLimitBytes: 10_000_000_000,
      isTotalUnlimited: false,
      usedBytes: 0,
    });
    expect(requests[0]?.url).toBe(
      '/api/v3/users/u1.json?fields=myUploadsDivisionId,personalContentIndividualFileSizeLimit,' +
        'personalContentTotalFileSizeLimit,personalContentFileSizeUsed,isPersonalContentTotalUnlimited',
    );
  });

  it.each([
    ['absent', {}],
    ['null', { myUploadsDivisionId: null, personalContentTotalFileSizeLimit: null }],
    [
      'meaningless',
      {
        personalContentIndividualFileSizeLimit: 0,
        personalContentTotalFileSizeLimit: -1,
        personalContentFileSizeUsed: 'much',
        isPersonalContentTotalUnlimited: 'perhaps',
      },
    ],
  ])('whose limits are %s have none that we know', async (_name, response) => {
    const { client } = await answering(response);
    const division = await getMyFilesDivision(client, 'u1');
    expect(division).toEqual({
      divisionId: null,
      individualLimitBytes: null,
      totalLimitBytes: null,
      isTotalUnlimited: false,
      usedBytes: null,
    });
    expect(largestFittingBytes(division)).toBe(Infinity);
  });

  it.each<[string, Partial<MyFilesDivision>, number]>([
    ['the limit of one file', { individualLimitBytes: 10, totalLimitBytes: 100, usedBytes: 20 }, 10],
    ['the room that is left', { individualLimitBytes: 50, totalLimitBytes: 100, usedBytes: 70 }, 30],
    ['nothing, when they are over-full', { totalLimitBytes: 100, usedBytes: 170 }, 0],
    ['the whole, when nobody says what is used', { totalLimitBytes: 100 }, 100],
    [
      'anything, when they are unlimited',
      { totalLimitBytes: 100, usedBytes: 100, isTotalUnlimited: true },
      Infinity,
    ],
  ])('take %s', (_name, known, expected) => {
    const unknown = { individualLimitBytes: null, totalLimitBytes: null, usedBytes: null };
    const division = { divisionId: 'd1', isTotalUnlimited: false, ...unknown, ...known };
    expect(largestFittingBytes(division)).toBe(expected);
  });
});
