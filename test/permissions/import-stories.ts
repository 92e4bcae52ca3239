import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { md5, pdf } from '../connector.ts';
import type { ImportView } from '../manifest-import.ts';
import type { RecordedConnector } from './recorded-connector.ts';

const json = { 'content-type': 'application/json' };

/** A plan before anything else: it is the first to need an access token. */
export async function tellOfPlan({ connector: { post } }: RecordedConnector): Promise<void> {
  const data = { file: { url: 'https://example.com/planned.pdf', name: 'planned.pdf' } };
  const asked = { source: 'demo', rows: [{ type: 'asset.upsert', subject: 'planned', data }] };
  expect(await post('/imports/plan', JSON.stringify(asked), json)).toMatchObject({
    status: 200,
    body: { rows: [{ change: 'create' }] },
  });
}

/** Manifests that come by their two ways, with rows of every kind, and an import that fails when it reports. */
export async function tellOfImports(rig: RecordedConnector): Promise<void> {
  const { connector, useLink } = rig;
  const { stack, post, get } = connector;
  const Bucket = stack.buckets['inbox'];
  const put = (Key: string, Body: string | Buffer) =>
    stack.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  await put('files/demo/waiting.pdf', pdf('waiting'));
  const url = connector.serve('imported.pdf', pdf('imported'));
  const rows = [
    { subject: 'imported', url, md5: md5(pdf('imported')) },
    { subject: 'waiting', key: 'files/demo/waiting.pdf' },
    { subject: 'not waiting', key: 'files/demo/none.pdf' },
    { subject: 'link', description: 'imported' },
    { subject: 'too much', link: 'https://example.com/', tags: manyTags() },
    { subject: 'imported', url },
  ];
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const announcement = { source: 'demo', fileName: 'library.jsonl', skipInvalid: true };
  const created = await post('/imports', JSON.stringify(announcement), json);
  const { id, upload } = created.body as { id: string; upload: { url: string } };
  await useLink('create-import', upload.url, lines);
  await stack.settled(55_000);
  const { body } = await get<ImportView>(`/imports/${id}`);
  expect(body).toMatchObject({ state: 'done', rows: { total: 6, invalid: 1, done: 3, failed: 2 } });
  expect(await useLink('get-import', body.results?.csv ?? '')).toContain('imported,create,done');

  await put('manifests/demo/again.jsonl', `${JSON.stringify(rows[0])}\n`);
  await stack.settled(55_000);
  await tellOfBrokenReport(rig, id, put);
}

/** Notes that make a result of many parts, and one that is gone. */
async function tellOfBrokenReport(
  { connector, hardships }: RecordedConnector,
  importId: string,
  put: (key: string, body: string) => Promise<unknown>,
): Promise<void> {
  const { stack } = connector;
  const note = { row: 1, line: 2, subject: null, jobId: null, fault: 'x'.repeat(12_000_000) };
  await put(`imports/${importId}/rows/00000000.jsonl`, `${JSON.stringify(note)}\n`);
  const key = { pk: `IMPORT#${importId}`, sk: 'IMPORT' };
  await hardships.set(key, { state: 'reporting', slices: 2, turn: 1_000 });
  const MessageBody = JSON.stringify({ importId, turn: 1_000 });
  await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl: stack.queues['manifest'], MessageBody }));
  await hardships.exhaust();
  expect(await hardships.read(key)).toMatchObject({ error: expect.stringContaining('NoSuchKey') });
}

/** More than the state of one asset may come to. */
function manyTags(): string[] {
  return Array.from({ length: 500 }, (_, index) => `${index} `.padEnd(250, 'x'));
}
