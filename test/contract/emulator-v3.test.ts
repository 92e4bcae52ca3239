import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { v3Operations } from '../../local/showpad/v3/v3-operations.ts';
import { until } from '../showpad-caller.ts';
import { createV3Caller, requiredFields, type V3CallOptions } from '../showpad-v3-caller.ts';
import { loadV3Contract } from './openapi-v3.ts';

const contract = loadV3Contract();
const labels = v3Operations.map(({ method, path }) => `${method} ${path}`);

const pdf = { filename: 'leaflet.pdf', content: '%PDF-1.7', contentType: 'application/pdf' };
const corrupt = { filename: 'corrupt.pdf', content: '%PDF-1.7', contentType: 'application/pdf' };
const png = { filename: 'photo.png', content: '\u0089PNG', contentType: 'image/png' };

let showpad: ShowpadEmulator;
let caller: ReturnType<typeof createV3Caller>;

beforeEach(async () => {
  showpad = await startShowpadEmulator({
    users: [{ email: 'jo@example.com', id: 'jo' }],
    switches: { processingMs: 0 },
  });
  caller = createV3Caller(showpad);
});

afterEach(() => showpad.close());

function violations(): string[] {
  return showpad.requests.flatMap((exchange) => contract?.violations(exchange) ?? []);
}

const myFilesOf = (email: string) =>
  showpad.users.find((user) => user.email === email)?.myFiles.divisionId ?? 'nobody';

async function endedTicket(file = pdf): Promise<string> {
  const { response } = await caller.uploadTo('jo@example.com', file);
  const id = String(response['id']);
  await until(showpad, () => showpad.tickets.some((ticket) => ticket.id === id && ticket.endedAtMs !== null));
  return id;
}

async function waitingTicket(): Promise<string> {
  showpad.switches.processingStuck = true;
  const { response } = await caller.uploadTo('jo@example.com', pdf);
  return String(response['id']);
}

async function ownAsset(): Promise<string> {
  const { response } = await caller.uploadTo('mine', png);
  return String(response['id']);
}

const form: V3CallOptions['form'] = {
  fields: {
    ...requiredFields,
    name: 'Leaflet.pdf',
    description: 'New',
    isShareable: 'false',
    filetype: 'document',
  },
  file: pdf,
};

/** The path of a good request for each operation, and what else it needs. */
const drives: Readonly<Record<string, () => Promise<readonly [string, V3CallOptions?]>>> = {
  'GET /users.json': () =>
    Promise.resolve([
      '/users.json?email=jo%40example.com&userName=jo%40example.com&isActive=true&userType=tablet' +
        '&fields=id,userName,email&sort=-userName&limit=5&offset=0',
    ]),
  'GET /users/{id}.json': () => Promise.resolve(['/users/jo.json']),
  'GET /users/me.json': () => Promise.resolve(['/users/me.json']),
  'GET /users/me/tickets.json': async () => {
    await endedTicket();
    return ['/users/me/tickets.json'];
  },
  'GET /divisions/{id}/assets.json': async () => {
    await ownAsset();
    return ['/divisions/mine/assets.json?isPersonal=true&name=photo.png&limit=5'];
  },
  'POST /divisions/{id}/assets.json': () =>
    Promise.resolve([`/divisions/${myFilesOf('jo@example.com')}/assets.json`, { form }]),
  'GET /divisions/{id}/tickets.json': async () => {
    await endedTicket();
    return [`/divisions/${myFilesOf('jo@example.com')}/tickets.json?sort=-queuedAt`];
  },
  'GET /assets/{id}.json': async () => [`/assets/${await ownAsset()}.json`],
  'GET /tickets.json': async () => {
    await waitingTicket();
    const divisionId = myFilesOf('jo@example.com');
    return [`/tickets.json?divisionId=${divisionId}&status=queued&onlyUnfinished=true&sort=queuedAt&limit=9`];
  },
  'GET /tickets/count.json': async () => {
    await endedTicket();
    return ['/tickets/count.json?status=completed'];
  },
  'GET /tickets/{id}.json': async () => [`/tickets/${await endedTicket()}.json`],
  'DELETE /tickets/{id}.json': async () => [`/tickets/${await endedTicket()}.json`],
  'POST /tickets/{id}/cancel': async () => [`/tickets/${await waitingTicket()}/cancel`],
  'POST /tickets/{id}/force-use': async () => [`/tickets/${await endedTicket(corrupt)}/force-use`],
};

describe.skipIf(contract === undefined)(
  "the Showpad emulator and Showpad's OpenAPI document for API v3",
  () => {
    test('the document describes every operation of the emulator', () => {
      const documented = new Set(contract?.operations.map(({ label }) => label));
      expect(labels.filter((label) => !documented.has(label))).toEqual([]);
    });

    test.each(labels)('%s is asked and answered as the document says', async (label) => {
      const drive = drives[label];
      if (drive === undefined) throw new Error(`Nothing drives ${label}.`);
      const [path, options] = await drive();
      const [method = ''] = label.split(' ');
      if (method !== 'GET' && method !== 'POST' && method !== 'DELETE')
        throw new Error(`Unexpected ${method}.`);
      const { status } = await caller.call(method, path, options);
      expect(status).toBe(method === 'POST' && options !== undefined ? 201 : 200);
      expect(violations()).toEqual([]);
    });

    test.each(['object', 'link', 'null-then-object', 'object-at-once'] as const)(
      'a ticket whose asset is shown as %s, the asset itself and a whole list conform',
      async (ticketAsset) => {
        showpad.switches.ticketAsset = ticketAsset;
        await caller.uploadTo('jo@example.com', png);
        const id = await endedTicket();
        for (const path of [`/tickets/${id}`, '/tickets', '/users', '/users/jo'])
          await caller.call('GET', path);
        expect(violations()).toEqual([]);
      },
    );

    test.each([false, true])(
      'errors have the envelope, also under HTTP 200: %s',
      async (errorsUnderHttp200) => {
        Object.assign(showpad.switches, { errorsUnderHttp200 });
        await caller.uploadTo('jo@example.com', png);
        const divisionId = myFilesOf('jo@example.com');
        const answers = [
          await caller.uploadTo('jo@example.com', png),
          await caller.uploadTo('jo@example.com', { ...png, filename: 'empty.png', content: '' }),
          await caller.call('GET', `/divisions/${divisionId}/assets.json`),
          await caller.call('GET', '/users/nobody.json'),
          await caller.call('GET', '/users/me.json', { token: null }),
        ];
        showpad.switches.v3Budget = { limit: 0, windowSeconds: 60, retryAfterSeconds: 1 };
        answers.push(await caller.call('GET', '/users/me.json'));
        showpad.faults.add({ action: { kind: 'status', status: 500 } });
        answers.push(await caller.call('GET', '/users/me.json'));

        expect(answers.map(({ meta }) => meta.code)).toEqual([409, 400, 403, 404, 401, 429, 500]);
        expect(showpad.requests.flatMap((exchange) => contract?.answerViolations(exchange) ?? [])).toEqual(
          [],
        );
      },
    );
  },
);

describe.skipIf(contract === undefined)('the check of an exchange of API v3', () => {
  const exchange = {
    method: 'GET',
    path: '/api/v3/tickets.json',
    query: '',
    headers: {},
    body: undefined,
    status: null,
    answer: undefined,
    answerMediaType: null,
  };
  const upload = {
    ...exchange,
    method: 'POST',
    path: '/api/v3/divisions/d/assets',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  };
  const asset = { status: 200, answerMediaType: 'application/json' };

  test('finds nothing against a good upload, with or without the suffix', () => {
    const body = { isPersonal: 'true', name: 'a.pdf', file: { filename: 'a.pdf' } };
    expect(contract?.violations({ ...upload, body })).toEqual([]);
    expect(contract?.violations({ ...upload, path: `${upload.path}.json`, body })).toEqual([]);
  });

  test.each([
    ['an unknown field', { ...upload, body: { personal: 'true' } }, '(personal)'],
    ['a boolean in quotes', { ...upload, body: { isPersonal: '"true"' } }, '/isPersonal: must be boolean'],
    [
      'a value that is none of the titles',
      { ...exchange, query: 'status=done' },
      'status: must be equal to one',
    ],
    [
      'an unknown parameter',
      { ...exchange, query: 'assetFilename=a.pdf' },
      'assetFilename is not in the document',
    ],
    [
      'a field of another media type',
      { ...upload, headers: { 'content-type': 'text/plain' }, body: {} },
      'text/plain',
    ],
    [
      'an unknown field of a ticket',
      { ...exchange, ...asset, path: '/api/v3/tickets/t.json', answer: { response: { error: 'x' } } },
      '(error)',
    ],
    [
      'an error without a number',
      { ...exchange, ...asset, answer: { meta: { code: 404, message: 'Not Found' }, response: {} } },
      "required property 'code'",
    ],
  ])('finds %s', (_, sent, expected) => {
    expect(contract?.violations(sent).join('\n')).toContain(expected);
  });
});
