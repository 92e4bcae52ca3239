import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connector, md5, pdf, startConnector } from '../connector.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({ parameters: { ProcessingDeadlineSeconds: '4' } });
});
afterAll(() => connector.stop());

const upsert = (subject: string, text = subject, name = `${subject}.pdf`) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url: connector.serve(`${subject}.pdf`, pdf(text)), name } },
});
const assetOf = (subject: string) => connector.assetsOf(subject)[0];
const pollsOf = (fileId: string | null) =>
  connector.showpad.requests.filter(
    ({ method, path }) => method === 'GET' && path.endsWith(`/files/${fileId}`),
  );

test('a job is done only when the content is usable, however long it is looked at', async () => {
  connector.showpad.switches.processingMs = 700;
  const job = await connector.finish(upsert('slow'));
  connector.showpad.switches.processingMs = 5;
  expect(job).toMatchObject({ state: 'done', error: null });
  expect(assetOf('slow')).toMatchObject({ status: 'active', checksum: md5(pdf('slow')) });
  expect(pollsOf(job.showpad.fileId).length).toBeGreaterThan(1);
});

test("a file that Showpad cannot process fails the job with Showpad's reason, and the asset keeps its old file", async () => {
  await connector.finish(upsert('damaged', 'good'));
  const url = connector.serve('damaged-2.pdf', 'no PDF at all');
  const job = await connector.finish({
    type: 'asset.upsert',
    subject: 'damaged',
    data: { file: { url, name: 'damaged.pdf' } },
  });
  expect(job).toMatchObject({ state: 'failed', error: { code: 'PROCESSING_FAILED', retryable: false } });
  const failed = assetOf('damaged')?.files.find(({ id }) => id === job.showpad.fileId);
  expect(failed?.error).toBeTruthy();
  expect(job.error?.message).toContain(failed?.error);
  expect(assetOf('damaged')).toMatchObject({ checksum: md5(pdf('good')) });
});

test('after a failed version the bytes that Showpad still shows need no upload', async () => {
  const files = assetOf('damaged')?.files.length;
  expect(await connector.finish(upsert('damaged', 'good'))).toMatchObject({ state: 'done' });
  expect(assetOf('damaged')?.files).toHaveLength(files ?? 0);
});

test('a status that nobody has heard of is waited for', async () => {
  connector.showpad.switches.unknownStatus = 'daydreaming';
  const job = await connector.finish(upsert('curious'));
  connector.showpad.switches.unknownStatus = null;
  expect(job).toMatchObject({ state: 'done', error: null });
});

test('a new version is waited for even where the asset stays active on the old one, or walks again', async () => {
  for (const way of ['stays-active', 'walks-again'] as const) {
    connector.showpad.switches.statusDuringReprocessing = way;
    await connector.finish(upsert(way, 'one'));
    connector.showpad.switches.processingMs = 400;
    const job = await connector.finish(upsert(way, 'two'));
    connector.showpad.switches.processingMs = 5;
    expect(job).toMatchObject({ state: 'done', error: null });
    expect(assetOf(way)).toMatchObject({
      checksum: md5(pdf('two')),
      currentFile: { id: job.showpad.fileId },
    });
  }
});

test('a file that never becomes usable fails when the time for it is over', async () => {
  connector.showpad.switches.processingStuck = true;
  const job = await connector.finish(upsert('stuck'));
  connector.showpad.switches.processingStuck = false;
  expect(job).toMatchObject({ state: 'failed', error: { code: 'PROCESSING_DEADLINE', retryable: true } });
});

test('polls survive faults of Showpad', async () => {
  const path = '/v4/assets/{asset}/files/{file}';
  for (const action of [
    { kind: 'status', status: 500 },
    { kind: 'reset' },
    { kind: 'status', status: 429, retryAfter: 1 },
  ] as const) {
    connector.showpad.faults.add({ match: { method: 'GET', path }, action });
  }
  expect(await connector.finish(upsert('faulty'))).toMatchObject({ state: 'done', error: null });
});
