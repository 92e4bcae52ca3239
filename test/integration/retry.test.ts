import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, type JobView, md5, pdf, startConnector } from '../connector.ts';

const brochure = pdf('retry');
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ parameters: { SourceDeadlineSeconds: '0' } });
});
afterAll(() => connector.stop());

const retry = async (id: string) => {
  const answer = await connector.post(`/jobs/${id}/retry`, '', {});
  await connector.stack.settled();
  return answer;
};
const assetOf = (subject: string) =>
  connector.showpad.assets.find(({ externalId }) => externalId === `demo:${subject}`);
const upsert = (subject: string, url: string, metadata: Record<string, unknown> = {}) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url, name: 'Retry.pdf' }, metadata },
});

test('a job that failed for its source is tried again on request', async () => {
  let isUp = false;
  const url = connector.serve('down.pdf', (_request, response) => {
    if (isUp) response.writeHead(200, { 'content-length': brochure.length }).end(brochure);
    else response.writeHead(500).end();
  });
  const job = await connector.finish(upsert('down', url));
  expect(job).toMatchObject({ state: 'failed', error: { code: 'SOURCE_UNREACHABLE' } });
  isUp = true;
  expect(await retry(job.id)).toMatchObject({
    status: 202,
    body: { id: job.id, state: 'received', error: null },
  });
  expect(await connector.job(job.id)).toMatchObject({ state: 'done', error: null });
  expect(assetOf('down')).toMatchObject({ checksum: md5(brochure) });
});

test('what Showpad refused is asked again', async () => {
  connector.showpad.switches.refusedFields = ['description'];
  const job = await connector.finish(
    upsert('asked', connector.serve('a.pdf', brochure), { description: 'wanted' }),
  );
  expect(job).toMatchObject({ state: 'failed', error: { code: 'SHOWPAD_REJECTED' } });
  connector.showpad.switches.refusedFields = [];
  await retry(job.id);
  expect(await connector.job(job.id)).toMatchObject({ state: 'done', error: null });
  expect(assetOf('asked')).toMatchObject({ description: 'wanted' });
});

test('a file that Showpad could not process is sent again', async () => {
  connector.showpad.faults.add({
    match: { method: 'GET', path: '/v4/assets/{asset}/files/{file}' },
    action: { kind: 'status', status: 200, body: { id: 'x', status: 'failed', error: 'A bad day.' } },
  });
  const job = await connector.finish(upsert('bad-day', connector.serve('b.pdf', brochure)));
  expect(job).toMatchObject({ state: 'failed', error: { code: 'PROCESSING_FAILED' } });
  await retry(job.id);
  expect(await connector.job(job.id)).toMatchObject({ state: 'done', error: null });
});

test('only what has failed can be tried again', async () => {
  const job: JobView = await connector.finish(upsert('fine', connector.serve('c.pdf', brochure)));
  expect(await retry(job.id)).toMatchObject({ status: 409, body: { status: 409 } });
  expect(await retry('job_unknown')).toMatchObject({ status: 404 });
});
