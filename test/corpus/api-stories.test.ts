import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAsset } from '../../lib/showpad/assets.ts';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { ShowpadClient } from '../../lib/showpad/client.ts';
import { staticToken } from '../../lib/showpad/token.ts';
import type { FaultAction } from '../../local/showpad/faults.ts';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { storyCases } from './api-cases.ts';

type Name = (typeof storyCases)[number]['name'];

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector();
});
afterAll(() => connector.stop());

const strike = (method: string, path: string | RegExp, action: FaultAction, times = 1) =>
  connector.showpad.faults.add({ match: { method, path, times }, action });
const xml = (code: string) => `<Error><Code>${code}</Code></Error>`;

const plays: Record<Name, (subject: string) => Promise<void> | void> = {
  't-403-expired': () => {
    strike('PUT', /./, { kind: 'status', status: 403, body: xml('AccessDenied') });
  },
  't-400-md5': () => {
    strike('PUT', /./, { kind: 'status', status: 400, body: xml('BadDigest') });
  },
  't-409': () => {
    strike('POST', '/v4/assets', { kind: 'status', status: 409 });
  },
  't-503-storm': () => {
    connector.showpad.faults.add({
      match: { times: 6 },
      action: { kind: 'status', status: 503 },
    });
  },
  't-reset-after-effect': () => {
    strike('POST', '/v4/assets', { kind: 'commitThenDrop' });
  },
  't-slow-effect': () => {
    strike('POST', '/v4/assets', { kind: 'commitLate', delayMs: 500 });
  },
  't-two-matches': async (subject) => {
    const { v4Url, v3Url, token = '' } = connector.stack.showpad;
    const client = new ShowpadClient({
      v4Url,
      v3Url,
      token: staticToken(() => Promise.resolve(token)),
      createDispatcher: () => createDispatcher({ allowPrivateAddresses: true }),
    });
    const id = connector.showpad.divisions[0]?.id ?? '';
    for (const name of ['one', 'two'])
      await createAsset(client, { name, division: { id }, externalId: `demo:${subject}` });
    await client.close();
  },
};

describe('a story with a hostile Showpad', () => {
  test.each(storyCases)('$name ends with: $result', async ({ name, result }) => {
    const url = connector.serve(`${name}.pdf`, pdf(name));
    await plays[name](name);
    const job = await connector.finish({
      type: 'asset.upsert',
      subject: name,
      data: { file: { url, name: `${name}.pdf` } },
    });
    const assets = connector.assetsOf(name);
    const links = connector.showpad.requests.filter(
      ({ method, path, status }) =>
        method === 'POST' && assets.some(({ id }) => path === `/v4/assets/${id}/files`) && status === 201,
    ).length;
    const downloads = connector.served.filter(({ path }) => path === `/${name}.pdf`).length;
    const outcome = [
      job.error === null ? job.state : `${job.state} ${job.error.code}`,
      `${assets.length} asset${assets.length === 1 ? '' : 's'}`,
      ...(links > 0 ? [`${links} links`] : []),
      ...(downloads > 1 ? [`${downloads} downloads`] : []),
    ].join('; ');
    expect(outcome).toBe(result);
  });
});
