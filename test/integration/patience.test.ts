import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, pdf, startConnector } from '../connector.ts';

const brochure = pdf('patience');
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ parameters: { SourceDeadlineSeconds: '600' } });
});
afterAll(() => connector.stop());

test('a source that comes back within the deadline is waited for', async () => {
  let failures = 4;
  const url = connector.serve('flaky.pdf', (_request, response) => {
    failures -= 1;
    if (failures >= 0) response.writeHead(503).end();
    else response.writeHead(200, { 'content-length': brochure.length }).end(brochure);
  });
  const data = { file: { url, name: 'Flaky.pdf' } };
  const job = await connector.finish({ type: 'asset.upsert', subject: 'flaky', data });
  expect(job).toMatchObject({ state: 'done', error: null });
  expect(connector.served.length).toBe(5);
});
