import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Budget } from '../../lib/showpad/budget.ts';
import type { Pacer } from '../../lib/showpad/pacer.ts';
import { uploadToMyFiles } from '../../lib/showpad/my-files.ts';
import { path } from '../../lib/showpad/path.ts';
import { clientOf, failureOf, json, startServer } from './showpad-client-server.ts';

const call = { method: 'GET', path: path`/x`, operation: 'GET /x', schema: z.unknown() } as const;
const meta = { code: 200, requestRateLimit: 5000, requestRateLimitReset: 86400, requestsRemaining: 4999 };

async function listening(status: number, body: unknown) {
  const told: Budget[] = [];
  const pacer: Pacer = {
    turn: () =>
      Promise.resolve({
        answered: ({ budget }) => {
          if (budget !== null) told.push(budget);
          return Promise.resolve();
        },
      }),
  };
  const server = await startServer((response) => json(response, status, body));
  return { client: clientOf(server.url, { pacer }), told };
}

describe('the budget of calls', () => {
  it.each([
    ['as numbers', meta, { limit: 5000, resetSeconds: 86400, remaining: 4999 }],
    [
      'as texts',
      { requestRateLimit: '5000', requestRateLimitReset: ' 86400 ', requestsRemaining: '0' },
      { limit: 5000, resetSeconds: 86400, remaining: 0 },
    ],
    ['in part', { requestsRemaining: 7 }, { limit: null, resetSeconds: null, remaining: 7 }],
    [
      'beside nonsense',
      { requestRateLimit: 5000, requestRateLimitReset: 'soon', requestsRemaining: -3 },
      { limit: 5000, resetSeconds: null, remaining: null },
    ],
  ])('is read %s', async (_name, said, expected) => {
    const { client, told } = await listening(200, { meta: said, response: {} });
    await client.request({ ...call, api: 'v3' });
    expect(told).toEqual([expected]);
  });

  it.each([
    ['nothing of it', { meta: { code: 200 }, response: {} }],
    ['only when it starts anew', { meta: { requestRateLimitReset: 86400 }, response: {} }],
    ['no meta', { response: {} }],
    ['only nonsense', { meta: { requestsRemaining: {}, requestRateLimit: true }, response: {} }],
  ])('is unknown when an answer says %s', async (_name, body) => {
    const { client, told } = await listening(200, body);
    await client.request({ ...call, api: 'v3' });
    expect(told).toEqual([]);
  });

  it('is read from failures, too', async () => {
    const { client, told } = await listening(429, { meta: { ...meta, code: 429, requestsRemaining: 0 } });
    expect(await failureOf(client.request({ ...call, api: 'v3' }))).toMatchObject({ status: 429 });
    expect(told).toEqual([{ limit: 5000, resetSeconds: 86400, remaining: 0 }]);
  });

  it('is read from the answers to uploads', async () => {
    const { client, told } = await listening(201, { meta, response: { resourcetype: 'Asset', id: 'a1' } });
    const body = Readable.from([Buffer.from('x')]);
    const file = { name: 'a.txt', fileName: 'a.txt', contentType: 'text/plain', body, size: 1 };
    await uploadToMyFiles(client, { divisionId: 'd1', folder: '/', ...file });
    expect(told).toEqual([{ limit: 5000, resetSeconds: 86400, remaining: 4999 }]);
  });

  it('is no matter of API v4', async () => {
    const { client, told } = await listening(200, { meta });
    await client.request({ ...call, api: 'v4' });
    expect(told).toEqual([]);
  });
});
