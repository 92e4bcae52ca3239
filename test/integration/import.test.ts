import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { md5, pdf, startConnector, type Connector } from '../connector.ts';
import { importManifest, putManifest, readCsv, readResults } from '../manifest-import.ts';

let connector: Connector;
beforeAll(async () => {
  connector = await startConnector();
});
afterAll(() => connector.stop());

const callsOf = () => connector.showpad.requests.length;

test('rows become assets, and the same manifest again makes no call for what is already right', async () => {
  const lines = ['subject,url,name,md5,sha256,description,tags', ''];
  for (let index = 0; index < 30; index += 1) {
    const content = pdf(`row ${index}`);
    const url = connector.serve(`import-${index}.pdf`, content);
    const proofs = [',', `${md5(content)},`, `,${createHash('sha256').update(content).digest('hex')}`];
    lines.push(`many/${index},${url},Many ${index}.pdf,${proofs[index % 3]},=1+1,bulk;new`);
  }
  const manifest = lines.join('\r\n');
  const first = await importManifest(connector, manifest);
  expect(first).toMatchObject({
    state: 'done',
    error: null,
    rows: { total: 30, done: 30, open: 0, invalid: 0 },
  });
  const results = await readResults(first);
  expect(results.map(({ row, subject, change }) => [row, subject, change])).toEqual(
    Array.from({ length: 30 }, (_, index) => [index + 1, `many/${index}`, 'create']),
  );
  const [asset] = connector.assetsOf('many/7');
  expect(asset).toMatchObject({ name: 'Many 7.pdf', description: '=1+1', checksum: md5(pdf('row 7')) });
  expect(results[7]).toMatchObject({ state: 'done', showpadId: asset?.id, bytes: pdf('row 7').length });

  const { body: jobs } = await connector.get<{ items: { traceId: string | null }[] }>('/jobs?limit=100');
  const traces = jobs.items.flatMap(({ traceId }) => traceId ?? []);
  expect(new Set(traces).size).toBe(30);

  const calls = callsOf();
  const fetched = connector.served.length;
  const second = await importManifest(connector, manifest);
  expect(callsOf() - calls).toBe(0);
  // Only rows without a checksum had to be looked at.
  expect(connector.served.length - fetched).toBe(10);
  expect(second).toMatchObject({ state: 'done', rows: { unchanged: 20, done: 10 } });
  expect((await readResults(second)).map(({ change }) => change)).toEqual(results.map(() => 'unchanged'));
});

test('a manifest with a wrong row is refused with the line, and nothing of it is written', async () => {
  const url = connector.serve('refused.pdf', pdf('refused'));
  const view = await importManifest(
    connector,
    `subject,url,languages\nrefused/1,${url},en\nrefused/2,${url},English\nrefused/1,${url},\n`,
  );
  expect(view).toMatchObject({
    state: 'refused',
    rows: { total: 3, invalid: 2, read: 0 },
    faults: [
      { line: 3, column: 'languages', message: 'must be a language code such as en or pt-BR' },
      { line: 4, column: 'subject', message: expect.stringContaining('like line 2') },
    ],
    results: null,
  });
  expect(await connector.get('/assets/demo/refused%2F1')).toMatchObject({ status: 404 });
});

test('wrong rows are passed over when that is asked for, and the result is safe to open in a spreadsheet', async () => {
  connector.serve('skip.pdf', pdf('skip'));
  const url = connector.serve('skip.pdf', pdf('skip'));
  const rows = [`=skip/1,${url},"a, ""b"""`, 'skip/2,nowhere,x', `=skip/1,${url},again`, `skip/3,${url},`];
  const view = await importManifest(connector, `subject,url,description\n${rows.join('\n')}\n`, {
    skipInvalid: true,
  });
  expect(view).toMatchObject({ state: 'done', rows: { total: 4, invalid: 2, done: 2, failed: 0 } });
  const [asset] = connector.assetsOf('=skip/1');
  expect(asset).toMatchObject({ description: 'a, "b"' });
  const csv = await readCsv(view);
  const lines = csv.split('\r\n');
  expect(lines[0]).toBe('row,line,subject,change,state,reason,showpadId,bytes,seconds');
  expect(lines[1]).toMatch(new RegExp(`^1,2,'=skip/1,create,done,,${asset?.id ?? ''},\\d+,[\\d.]+$`));
  expect(lines[2]).toBe('2,3,,problem,invalid,"line 3, url: must be an absolute URL",,,');
  expect(lines[3]).toBe("3,4,'=skip/1,problem,invalid,another row names this subject,,,");
  expect(lines[4]).toMatch(/^4,5,skip\/3,create,done/);
});

test('a manifest may be dropped into the bucket, and name files that wait there', async () => {
  const { s3 } = connector.stack.clients;
  const Bucket = connector.stack.buckets['inbox'] ?? '';
  const content = pdf('from the bucket');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'files/demo/a folder/ü.pdf', Body: content }));
  const rows = [
    { subject: 'dropped', key: 'files/demo/a folder/ü.pdf', tags: ['dropped'] },
    { subject: 'not there', key: 'files/demo/none.pdf' },
  ];
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: 'manifests/demo/by hand.jsonl',
      Body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    }),
  );
  await connector.stack.settled(55_000);
  expect(connector.assetsOf('dropped')).toMatchObject([{ name: 'ü.pdf', checksum: md5(content) }]);
  const { body } = await connector.get<{ items: { subject: string; error: { code: string } | null }[] }>(
    '/jobs?source=demo&limit=2',
  );
  const failed = body.items.find(({ subject }) => subject === 'not there');
  expect(failed?.error?.code).toBe('SOURCE_NOT_FOUND');
});

test('an event may name a file of its own source in the bucket only', async () => {
  const Bucket = connector.stack.buckets['inbox'] ?? '';
  const file = { url: `s3://${Bucket}/files/demo/../other/x.pdf`, name: 'x.pdf' };
  const job = await connector.finish({ type: 'asset.upsert', subject: 'foreign', data: { file } });
  expect(job.error?.code).toBe('SOURCE_FORBIDDEN');
});

test('the door for imports says what is wrong with a request', async () => {
  const ask = (body: string) => connector.post('/imports', body, { 'content-type': 'application/json' });
  expect(await ask('{"source":"nobody","fileName":"a.csv"}')).toMatchObject({ status: 404 });
  expect(await ask('{"source":"demo","fileName":"a.xlsx"}')).toMatchObject({
    status: 400,
    body: { detail: 'fileName: must end with .csv or .jsonl.' },
  });
  expect(await ask('nothing')).toMatchObject({ status: 400 });
  expect(await connector.get('/imports/imp_none')).toMatchObject({ status: 404 });
});

test('killed between any two turns, or told twice, an import goes on and makes no row twice', async () => {
  const rows = Array.from({ length: 3 }, (_, index) => {
    const url = connector.serve(`turns-${index}.pdf`, pdf(`turns ${index}`));
    return `turns/${index},${url}\n`;
  });
  await connector.stack.pause('import-manifest');
  const id = await putManifest(connector, `subject,url\n${rows.join('')}`);
  const tell = async (message: unknown, receives: number) => {
    const attributes = { ApproximateReceiveCount: String(receives), SentTimestamp: String(Date.now()) };
    const record = { messageId: '1', receiptHandle: '1', body: JSON.stringify(message), attributes };
    return connector.stack.invoke('import-manifest', {
      Records: [
        { ...record, eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:x:0:other', awsRegion: 'x' },
      ],
    });
  };
  const waiting = async () => (await connector.stack.queueCounts())['manifest'];
  // What S3 has said is still in the queue; it is said again, by hand and twice.
  const notified = { eventName: 'ObjectCreated:Put', eventTime: new Date().toISOString() };
  const object = { key: `manifests/demo/${id}/manifest.csv`, size: 1, eTag: '', sequencer: '1' };
  await connector.stack.resume('import-manifest');
  await connector.stack.settled(55_000);
  const bucket = { name: connector.stack.buckets['inbox'] ?? '' };
  const before = connector.showpad.requests.length;
  await tell({ Records: [{ ...notified, s3: { bucket, object } }] }, 1);
  for (const turn of [0, 1, 2, 3]) {
    expect(await tell({ importId: id, turn }, 1)).toMatchObject({ ok: true });
    expect(await tell({ importId: id, turn }, 2)).toMatchObject({ ok: true });
  }
  expect(await waiting()).toEqual({ visible: 0, delayed: 0, inFlight: 0 });
  expect(connector.showpad.requests.length).toBe(before);
  for (const index of [0, 1, 2]) expect(connector.assetsOf(`turns/${index}`)).toHaveLength(1);
});
