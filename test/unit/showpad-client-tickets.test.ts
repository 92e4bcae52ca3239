import { describe, expect, it } from 'vitest';
import {
  forceUseTicket,
  getTicket,
  latestQueuedAt,
  listDivisionTickets,
  listTickets,
} from '../../lib/showpad/tickets.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const fields = 'fields=id,status,asset,provisionalAssetId,canBeForceUsed,assetFilename,divisionId,queuedAt';
const queued = {
  id: 't1',
  resourcetype: 'Ticket',
  status: 'queued',
  asset: null,
  provisionalAssetId: 'a1',
  canBeForceUsed: false,
  assetFilename: 'Plan.pdf',
  divisionId: 'd1',
  queuedAt: '2026-11-23T12:00:00+00:00',
};
const read = {
  id: 't1',
  status: 'queued',
  assetId: null,
  provisionalAssetId: 'a1',
  canBeForceUsed: false,
  assetFilename: 'Plan.pdf',
  divisionId: 'd1',
  queuedAt: '2026-11-23T12:00:00+00:00',
};

async function answering(response: unknown, meta: unknown = { code: 200 }) {
  const server = await startServer((answer) => json(answer, 200, { meta, response }));
  return { client: clientOf(server.url), requests: server.requests };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('a ticket', () => {
  it('is asked for with the fields that matter', async () => {
    const { client, requests } = await answering(queued);
    expect(await getTicket(client, 't1')).toEqual(read);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'GET', url: `/api/v3/tickets/t1.json?${fields}` });
  });

  it.each([
    ['an object', { id: 'a1', href: 'https://acme.showpad.biz/api/v3/assets/a1.json' }, 'a1'],
    ['a link', 'https://acme.showpad.biz/api/v3/assets/a1.json', 'a1'],
    ['a link without a suffix', '/api/v3/assets/a1', 'a1'],
    ['a link with parameters', 'https://acme.showpad.biz/api/v3/assets/a1.json?fields=id#top', 'a1'],
    ['a link with a slash at its end', 'https://acme.showpad.biz/api/v3/assets/a1/', 'a1'],
    ['an id alone', 'a1', 'a1'],
    ['null', null, null],
    ['absent', undefined, null],
    ['an empty text', '', null],
    ['an empty list', [], null],
    ['an object without an id', { href: null }, null],
    ['an object with an empty id', { id: '' }, null],
  ])('whose asset is %s is understood', async (_name, asset, expected) => {
    const { client } = await answering({ ...queued, asset, status: 'completed' });
    expect(await getTicket(client, 't1')).toEqual({ ...read, status: 'completed', assetId: expected });
  });

  it('may tell nothing but its status, which may be new to us', async () => {
    const { client } = await answering({ status: 'reticulating' }, undefined);
    expect(await getTicket(client, 't1')).toEqual({
      id: 't1',
      status: 'reticulating',
      assetId: null,
      provisionalAssetId: null,
      canBeForceUsed: false,
      assetFilename: null,
      divisionId: null,
      queuedAt: null,
    });
  });

  it('without a status is not believed', async () => {
    const { client } = await answering({ id: 't1' });
    expect(await failureOf(getTicket(client, 't1'))).toMatchObject({
      kind: 'protocol',
      outcomeUnknown: false,
    });
  });

  it.each([403, 404])('that Showpad does not show, with %i under HTTP 200, is a failure', async (code) => {
    const { client } = await answering({ code: 3004, name: 'ResourceNotFoundError' }, { code });
    expect(await failureOf(getTicket(client, 't1'))).toMatchObject({
      operation: 'GET /tickets/{id}.json',
      kind: 'response',
      status: code,
      retryable: false,
    });
  });

  it.each([undefined, {}, [], 'Accepted', { id: 't1', status: 'completed' }])(
    'is force-used, whatever is answered: %j',
    async (response) => {
      const { client, requests } = await answering(response);
      await forceUseTicket(client, 't1');
      expect(requests).toHaveLength(1);
      expect(requests[0]).toMatchObject({
        method: 'POST',
        url: '/api/v3/tickets/t1/force-use',
        body: '',
        headers: { 'content-length': '0' },
      });
    },
  );

  it('that cannot be force-used is a failure', async () => {
    const { client, requests } = await answering(null, { code: 500 });
    const error = await failureOf(forceUseTicket(client, 't1'));
    expect(error).toMatchObject({ status: 500, retryable: true, outcomeUnknown: true });
    expect(requests).toHaveLength(1);
  });
});

describe('tickets', () => {
  it('are listed by Division, state and time', async () => {
    const { client, requests } = await answering({ count: 1, items: [queued] });
    const tickets = listTickets(client, {
      divisionId: 'd 1',
      status: 'failed',
      onlyUnfinished: false,
      onlyCustomerTypes: true,
      includeNonRequired: true,
      sort: '-queuedAt',
    });
    expect(await all(tickets)).toEqual([read]);
    expect(requests[0]?.url).toBe(
      '/api/v3/tickets.json?divisionId=d%201&status=failed&onlyUnfinished=false&onlyCustomerTypes=true' +
        `&includeNonRequired=true&sort=-queuedAt&${fields}&limit=100&offset=0`,
    );
  });

  it('are listed without filters, page by page', async () => {
    const server = await startServer((response, _received, index) =>
      json(response, 200, { response: { count: 2, items: [{ ...queued, id: `t${index}` }] } }),
    );
    expect(await all(listTickets(clientOf(server.url)))).toMatchObject([{ id: 't0' }, { id: 't1' }]);
    expect(server.requests[1]?.url).toBe(`/api/v3/tickets.json?${fields}&limit=100&offset=1`);
  });

  it('are listed through their Division', async () => {
    const { client, requests } = await answering({ count: 1, items: [queued] });
    expect(await all(listDivisionTickets(client, 'd1', { sort: '-queuedAt' }))).toEqual([read]);
    expect(requests[0]?.url).toBe(
      `/api/v3/divisions/d1/tickets.json?sort=-queuedAt&${fields}&limit=100&offset=0`,
    );
  });

  it.each([
    ['2026-11-23T12:00:00+00:00', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23T12:00:00.25+0100', '2026-11-23T11:00:00.250Z'],
    ['2026-11-23T12:00:00Z', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23 12:00:00', '2026-11-23T12:00:00.000Z'],
    ['2026-11-23', '2026-11-23T23:59:59.999Z'],
  ])('queued at %s were queued by %s', (queuedAt, expected) => {
    expect(new Date(latestQueuedAt({ queuedAt }) ?? 0).toISOString()).toBe(expected);
  });

  it.each([null, '', 'yesterday', '2026-99-99', '23/11/2026'])(
    'queued at %j were queued at a time we do not know',
    (queuedAt) => {
      expect(latestQueuedAt({ queuedAt })).toBeNull();
    },
  );
});
