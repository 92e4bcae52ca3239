import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import type { EmulatedTicket } from '../../local/showpad/v3/emulated-ticket.ts';
import { only } from '../showpad-caller.ts';
import { createV3Caller, type FormFile } from '../showpad-v3-caller.ts';

const pdf: FormFile = { filename: 'leaflet.pdf', content: '%PDF-1.7' };
const corrupt: FormFile = { filename: 'leaflet.pdf', content: 'no PDF' };
const stepMs = 1000;

let nowMs: number;
let showpad: ShowpadEmulator;
let call: ReturnType<typeof createV3Caller>['call'];
let uploadTo: ReturnType<typeof createV3Caller>['uploadTo'];

beforeEach(async () => {
  nowMs = Date.parse('2026-11-23T12:00:00Z');
  showpad = await startShowpadEmulator({
    now: () => nowMs,
    users: [
      { email: 'jo@example.com', id: 'jo', myFiles: { divisionId: 'jos-files' } },
      { email: 'sam@example.com' },
    ],
    switches: { processingMs: stepMs, myFilesConflict: 'off' },
  });
  ({ call, uploadTo } = createV3Caller(showpad));
});

afterEach(() => showpad.close());

function pass(steps = 1): void {
  for (let step = 0; step < steps; step += 1) {
    nowMs += stepMs;
    showpad.advance();
  }
}

async function send(file = pdf, recipient = 'jo@example.com'): Promise<string> {
  const { response } = await uploadTo(recipient, file);
  expect(response['resourcetype']).toBe('Ticket');
  return String(response['id']);
}

async function read(id: string, fields = 'status,asset'): Promise<Readonly<Record<string, unknown>>> {
  const { status, response } = await call('GET', `/tickets/${id}.json?fields=${fields}`);
  expect(status).toBe(200);
  return response;
}

function ticketOf(id: string): EmulatedTicket {
  return only(showpad.tickets.filter((ticket) => ticket.id === id));
}

const myFiles = () => only(showpad.users.filter(({ id }) => id === 'jo')).myFiles.assets;

/** What a ticket tells, read once at each step. */
async function walk(id: string, steps: number): Promise<unknown[]> {
  const told: unknown[] = [await read(id)];
  for (let step = 0; step < steps; step += 1) {
    pass();
    told.push(await read(id));
  }
  return told;
}

describe('a ticket', () => {
  test('tells where its upload comes from and goes to', async () => {
    const id = await send();
    pass(2);
    const { response } = await call('GET', `/tickets/${id}.json`);
    expect(response).toEqual({
      id,
      resourcetype: 'Ticket',
      status: 'completed',
      asset: { id: only(myFiles()).id },
      provisionalAssetId: only(myFiles()).id,
      division: 'https://emulator.showpad.biz/api/v3/divisions/jos-files.json',
      divisionId: 'jos-files',
      user: `https://emulator.showpad.biz/api/v3/users/${String(showpad.users.at(-1)?.id)}.json`,
      type: 'asset',
      assetFilename: 'leaflet.pdf',
      assetFileType: 'document',
      materialisedPath: '/',
      queuedAt: '2026-11-23T12:00:00+00:00',
      startedAt: '2026-11-23T12:00:01+00:00',
      completedAt: '2026-11-23T12:00:02+00:00',
      canBeForceUsed: true,
    });
  });

  test('walks by the clock, and its asset is in My Files when it is completed and not before', async () => {
    const id = await send();
    expect(await read(id)).toEqual({ status: 'queued' });
    pass();
    expect(await read(id)).toEqual({ status: 'processing' });
    expect(myFiles()).toEqual([]);
    pass();
    expect(await read(id)).toEqual({ status: 'completed', asset: { id: only(myFiles()).id } });
  });

  test('of a file that is not what it says ends as failed, without an asset', async () => {
    const id = await send(corrupt);
    expect(await walk(id, 3)).toEqual([
      { status: 'queued' },
      { status: 'processing' },
      { status: 'failed' },
      { status: 'failed' },
    ]);
    expect(myFiles()).toEqual([]);
  });

  test('can have a status that nobody knows, and can get stuck', async () => {
    Object.assign(showpad.switches, { unknownStatus: 'reviewing', processingStuck: true });
    const id = await send();
    expect(await walk(id, 4)).toMatchObject([
      { status: 'queued' },
      { status: 'reviewing' },
      { status: 'processing' },
      { status: 'processing' },
      { status: 'processing' },
    ]);
    showpad.switches.processingStuck = false;
    pass();
    expect(await read(id)).toMatchObject({ status: 'completed' });
  });
});

describe('switches', () => {
  const id = expect.any(String) as unknown;
  const link = expect.stringMatching(/^https:.*\/assets\/[0-9a-f]{32}\.json$/u) as unknown;

  test.each<[EmulatedShape, unknown, unknown]>([
    ['object', undefined, { id }],
    ['link', undefined, link],
    ['null-then-object', null, { id }],
    ['object-at-once', { id }, { id }],
  ])('the asset of a ticket is shown as %s', async (ticketAsset, before, after) => {
    showpad.switches.ticketAsset = ticketAsset;
    const { response } = await uploadTo('jo@example.com', pdf);
    expect(response['asset']).toEqual(before);
    pass(2);
    expect((await read(String(response['id'])))['asset']).toEqual(after);
  });

  test('the first reads of a completed ticket can lack the asset', async () => {
    showpad.switches.completedReadsWithoutAsset = 2;
    const ticketId = await send();
    pass(2);
    const reads = [await read(ticketId), await read(ticketId), await read(ticketId)];
    expect(reads).toEqual([
      { status: 'completed' },
      { status: 'completed' },
      { status: 'completed', asset: { id: only(myFiles()).id } },
    ]);
  });

  test.each([
    ['told', true],
    ['left-out', false],
  ] as const)('the provisional id is %s', async (provisionalAssetId, isTold) => {
    showpad.switches.provisionalAssetId = provisionalAssetId;
    const ticketId = await send();
    expect('provisionalAssetId' in (await read(ticketId, 'provisionalAssetId'))).toBe(isTold);
  });

  test('a new ticket can be unknown for a while', async () => {
    showpad.switches.ticketLagMs = 5 * stepMs;
    const ticketId = await send();
    pass(4);
    expect((await call('GET', `/tickets/${ticketId}.json`)).status).toBe(404);
    expect((await call('GET', '/tickets.json')).response['count']).toBe(0);
    pass();
    expect(await read(ticketId)).toMatchObject({ status: 'completed' });
  });

  test('an old ticket can be forgotten', async () => {
    showpad.switches.ticketRetentionMs = stepMs;
    const ticketId = await send();
    pass(2);
    expect(await read(ticketId)).toMatchObject({ status: 'completed' });
    pass();
    expect((await call('GET', `/tickets/${ticketId}.json`)).status).toBe(404);
  });

  test.each([
    ['readable', 200],
    ['refused', 403],
  ] as const)("the tickets of other people's My Files are %s", async (othersTickets, status) => {
    Object.assign(showpad.switches, { othersTickets });
    expect((await call('GET', '/divisions/jos-files/tickets.json')).status).toBe(status);
    expect((await call('GET', '/divisions/mine/tickets.json')).status).toBe(200);
  });
});

type EmulatedShape = ShowpadEmulator['switches']['ticketAsset'];

describe('the lists of tickets', () => {
  async function idsOf(path: string): Promise<unknown[]> {
    const { response } = await call('GET', path);
    return (response['items'] as { id: string }[]).map(({ id }) => id);
  }

  test('find a ticket by its Division, its status and whether it is unfinished', async () => {
    const first = await send();
    pass(2);
    const second = await send(corrupt, 'sam@example.com');
    pass(2);
    const third = await send();
    const sams = ticketOf(second).divisionId;

    expect(await idsOf('/tickets.json')).toEqual([first, second, third]);
    expect(await idsOf('/tickets.json?sort=-queuedAt&limit=2')).toEqual([third, second]);
    expect(await idsOf('/tickets.json?limit=1&offset=1')).toEqual([second]);
    expect(await idsOf('/tickets.json?status=completed')).toEqual([first]);
    expect(await idsOf('/tickets.json?onlyUnfinished=true')).toEqual([third]);
    expect(await idsOf('/tickets.json?divisionId=jos-files&sort=status')).toEqual([first, third]);
    expect(await idsOf(`/divisions/${sams}/tickets.json`)).toEqual([second]);
    expect(await idsOf('/users/me/tickets.json')).toEqual([first, second, third]);
    expect((await call('GET', '/tickets/count.json?status=failed')).response).toEqual({ count: 1 });
    expect((await call('GET', '/tickets.json?fields=assetFilename&limit=1')).response).toEqual({
      count: 3,
      items: [{ assetFilename: 'leaflet.pdf' }],
    });
  });

  test('do not count as reads of a ticket', async () => {
    showpad.switches.completedReadsWithoutAsset = 1;
    const id = await send();
    pass(2);
    await call('GET', '/tickets.json');
    expect(await read(id)).toEqual({ status: 'completed' });
    expect(await read(id)).toHaveProperty('asset');
  });
});

describe('what can be done to a ticket', () => {
  test('the element of a failed one is used all the same', async () => {
    const id = await send(corrupt);
    pass(2);
    expect((await call('POST', `/tickets/${id}/force-use`)).status).toBe(200);
    expect(await read(id)).toEqual({ status: 'completed', asset: { id: only(myFiles()).id } });
    expect((await call('POST', `/tickets/${id}/force-use`)).status).toBe(400);
    expect(myFiles()).toHaveLength(1);
  });

  test('force-use takes the suffix too, and is refused before the ticket has failed', async () => {
    const id = await send(corrupt);
    expect((await call('POST', `/tickets/${id}/force-use.json`)).status).toBe(400);
    pass(2);
    expect((await call('POST', `/tickets/${id}/force-use.json`)).status).toBe(200);
  });

  test('force-use is refused where the ticket does not allow it', async () => {
    showpad.switches.canBeForceUsed = false;
    const id = await send(corrupt);
    pass(2);
    expect(await read(id, 'canBeForceUsed')).toEqual({ canBeForceUsed: false });
    expect(await call('POST', `/tickets/${id}/force-use`)).toMatchObject({
      status: 403,
      response: { code: 3008 },
    });
    expect(myFiles()).toEqual([]);
  });

  test.each(['failed', 'cancelled', null])('a cancelled one reads %j and brings no asset', async (status) => {
    showpad.switches.cancelledTicketStatus = status;
    const id = await send();
    expect((await call('POST', `/tickets/${id}/cancel`)).status).toBe(200);
    pass(3);
    const answer = await call('GET', `/tickets/${id}.json`);
    expect(answer.status === 404 ? null : answer.response['status']).toBe(status);
    expect(myFiles()).toEqual([]);
  });

  test('one that has ended is not cancelled any more', async () => {
    const id = await send();
    pass(2);
    expect((await call('POST', `/tickets/${id}/cancel`)).status).toBe(400);
  });

  test('a deleted one is gone, and what was not processed yet never is', async () => {
    const id = await send();
    expect((await call('DELETE', `/tickets/${id}.json`)).status).toBe(200);
    pass(3);
    expect((await call('GET', `/tickets/${id}.json`)).status).toBe(404);
    expect((await call('DELETE', `/tickets/${id}.json`)).status).toBe(404);
    expect(myFiles()).toEqual([]);
  });

  test.each(['GET /tickets/none.json', 'POST /tickets/none/cancel', 'POST /tickets/none/force-use'])(
    '%s gets 404',
    async (label) => {
      const [method, path = ''] = label.split(' ');
      const answer = await call(method === 'GET' ? 'GET' : 'POST', path);
      expect(answer).toMatchObject({ status: 404, response: { code: 3004 } });
    },
  );
});
