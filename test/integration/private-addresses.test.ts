import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConnector, type Connector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    parameters: { AllowPrivateSources: 'false', SourceDeadlineSeconds: '0' },
  });
});
afterAll(() => connector.stop());

test('where private addresses are not allowed, no link reaches one', async () => {
  const links = [
    connector.serve('private.pdf', 'secret'),
    connector.serve('private.pdf', 'secret').replace('127.0.0.1', '2130706433'),
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]:9/private.pdf',
    'http://[::ffff:127.0.0.1]:9/private.pdf',
    'http://localhost:9/private.pdf',
  ];
  for (const url of links) {
    const data = { file: { url, name: 'Private.pdf' } };
    const job = await connector.finish({ type: 'asset.upsert', subject: 'private', data });
    expect(job).toMatchObject({ state: 'failed', error: { code: 'SOURCE_FORBIDDEN_ADDRESS' } });
  }
  expect(connector.served).toEqual([]);
  expect(connector.showpad.requests).toEqual([]);
});
