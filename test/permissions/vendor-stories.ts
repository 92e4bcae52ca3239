import { expect } from 'vitest';
import { pdf, type JobView } from '../connector.ts';
import { processingCompleted } from '../fixtures/vendors/aem.ts';
import { publishedAsset } from '../fixtures/vendors/contentful.ts';
import { fromAdobe, fromContentful, type VendorDelivery } from '../vendor-deliveries.ts';
import { send } from '../vendor-server.ts';
import { vendorSecret, type RecordedConnector } from './recorded-connector.ts';

/** What vendors send: a payload that cannot be read, and one whose file is asked for with a credential. */
export async function tellOfVendors({ connector, vendor, adobeKey }: RecordedConnector): Promise<void> {
  const deliver = async ({ path, body, headers }: VendorDelivery): Promise<string> => {
    const answer = await connector.post(path, body, headers);
    return (answer.body as { jobs: JobView[] }).jobs[0]?.id ?? '';
  };
  const bytes = pdf('aem');
  vendor.answers.set('/content/dam/sheet.pdf', send(bytes));
  const { repositoryMetadata } = processingCompleted.data;
  const file = {
    'repo:size': String(bytes.length),
    'repo:name': 'sheet.pdf',
    'dc:format': 'application/pdf',
    'repo:path': '/content/dam/sheet.pdf',
    'repo:repositoryId': new URL(vendor.origin).host,
  };
  const fetched = await deliver(
    fromAdobe('/events/aem', adobeKey, {
      ...processingCompleted,
      data: { assetId: 'urn:aaid:aem:1', repositoryMetadata: { ...repositoryMetadata, ...file } },
    }),
  );
  const strange = { ...publishedAsset, fields: {} };
  const parked = await deliver(fromContentful('/events/contentful', vendorSecret, 'publish', strange));
  expect(await connector.post(`/jobs/${parked}/retry`, '', {})).toMatchObject({ status: 202 });
  await connector.stack.settled(55_000);
  expect(await connector.job(fetched)).toMatchObject({ state: 'done', error: null });
  expect(await connector.job(parked)).toMatchObject({
    state: 'failed',
    error: { code: 'PAYLOAD_UNREADABLE' },
  });
}
