import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConnector, type Connector } from '../connector.ts';

const pdf = Buffer.from('%PDF-1.7\npatience\nstartxref\n0\n%%EOF\n');
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
    else response.writeHead(200, { 'content-length': pdf.length }).end(pdf);
  });
  const data = { file: { url, name: 'Flaky.pdf' } };
  const job = await connector.finish({ type: 'asset.upsert', subject: 'flaky', data });
  expect(job).toMatchObject({ state: 'done', error: null });
  expect(connector.served.length).toBe(5);
});
