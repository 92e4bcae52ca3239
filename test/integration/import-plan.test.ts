import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { md5, pdf, startConnector, type Connector } from '../connector.ts';

interface PlannedRow {
  readonly row: number;
  readonly subject: string;
  readonly change: string;
  readonly calls: number;
  readonly dependsOnFile: boolean;
  readonly problem: string | null;
}

const command = fileURLToPath(new URL('../../cli/import.ts', import.meta.url));
let connector: Connector;
let folder: string;
beforeAll(async () => {
  // What nobody has brought is not waited for here.
  connector = await startConnector({ parameters: { SourceDeadlineSeconds: '0', SettleSeconds: '0' } });
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  writeFileSync(join(folder, 'ready.json'), JSON.stringify({ api: connector.stack.apiUrl }));
});
afterAll(async () => {
  await connector.stop();
  rmSync(folder, { recursive: true });
});

function run(...arguments_: string[]): Promise<{ exitCode: number; output: string; errors: string }> {
  const env = {
    ...process.env,
    CONNECTOR_URL: '',
    CONNECTOR_READY_FILE: join(folder, 'ready.json'),
    INIT_CWD: folder,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...arguments_], { env }, (error, output, errors) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output, errors });
    });
  });
}

function write(name: string, rows: readonly (object | undefined)[]): string {
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return name;
}

async function plan(file: string): Promise<{ rows: PlannedRow[]; summary: Record<string, number> }> {
  const { exitCode, output, errors } = await run(file, '--source', 'demo', '--plan', '--json');
  expect(errors).toBe('');
  expect(exitCode).toBe(0);
  const lines = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PlannedRow & { summary: Record<string, number> });
  const { summary = {} } = lines.pop() ?? {};
  return { rows: lines, summary };
}

/** Calls to API v4 about the asset of a subject, or its making. */
function callsAbout(subject: string, from: number): number {
  const externalId = `demo:${subject}`;
  const ids = connector.showpad.assets.flatMap((asset) =>
    asset.externalId === externalId ? [asset.id] : [],
  );
  return connector.showpad.requests.slice(from).filter(({ listener, path, query, body }) => {
    if (listener === 'upload') return false;
    if (ids.some((id) => path.split('/').includes(id))) return true;
    const sought = new URLSearchParams(query).get('externalIds')?.split(',') ?? [];
    return (
      sought.includes(externalId) || (body as { externalId?: string } | undefined)?.externalId === externalId
    );
  }).length;
}

async function everything(): Promise<string[]> {
  const { Items = [] } = await connector.stack.clients.dynamodb.send(
    new ScanCommand({ TableName: connector.stack.tableName }),
  );
  return Items.flatMap((item) =>
    item['pk']?.S?.startsWith('PACE') === true ? [] : [JSON.stringify(item)],
  ).sort();
}

const serve = (name: string, text: string): { url: string; md5: string } => {
  const content = pdf(text);
  return { url: connector.serve(name, content), md5: md5(content) };
};

async function archiveInShowpad(subject: string): Promise<void> {
  const { v4Url, token } = connector.stack.showpad;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const url = `${v4Url}/assets/${connector.assetsOf(subject)[0]?.id}`;
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify({ isArchived: true }) });
  expect(answer.statusCode).toBe(200);
  await answer.body.dump();
}

async function makeInShowpad(subject: string, content?: Buffer): Promise<void> {
  const { v4Url, token } = connector.stack.showpad;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = async (path: string, body: object): Promise<Record<string, never>> => {
    const answer = await request(`${v4Url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.body.json()) as Record<string, never>;
  };
  const division = { id: connector.showpad.divisions[0]?.id };
  const { id } = await post('/assets', { name: `${subject}.pdf`, division, externalId: `demo:${subject}` });
  if (content === undefined) return;
  const { uploadMeta } = await post(`/assets/${String(id)}/files`, {});
  const { uploadUrl, suggestedContentType, metadata } = uploadMeta as unknown as {
    uploadUrl: string;
    suggestedContentType: string;
    metadata: Record<string, string> | null;
  };
  const own = Object.entries(metadata ?? {}).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  const signed = { 'content-type': suggestedContentType, ...Object.fromEntries(own) };
  const put = await request(uploadUrl, { method: 'PUT', headers: signed, body: content });
  expect(put.statusCode).toBe(200);
  await expect
    .poll(() => connector.assetsOf(subject)[0]?.status, { interval: 10, timeout: 10_000 })
    .toBe('active');
}

test('a plan and a run with nothing in between agree row by row, in change and in calls', async () => {
  const before = [
    { subject: 'same', ...serve('same.pdf', 'same'), description: 'one', tags: ['a', 'b'] },
    { subject: 'text', ...serve('text.pdf', 'text'), description: 'one' },
    { subject: 'rights', ...serve('rights.pdf', 'rights') },
    { subject: 'bytes', ...serve('bytes.pdf', 'bytes') },
    { subject: 'unproven', ...serve('unproven.pdf', 'unproven') },
    { subject: 'unproven text', ...serve('unproven-text.pdf', 'unproven text') },
    { subject: 'divided', ...serve('divided.pdf', 'divided') },
    { subject: 'link', link: 'https://example.com/a' },
    { subject: 'link moved', link: 'https://example.com/a' },
    { subject: 'archived', ...serve('archived.pdf', 'archived') },
  ];
  const brought = await run(write('before.jsonl', before), '--source', 'demo');
  expect(brought).toMatchObject({ exitCode: 0, output: expect.stringContaining('10 rows: 10 create.') });
  await connector.finish({ type: 'asset.archive', subject: 'archived' });
  const found = serve('found.pdf', 'found');
  await makeInShowpad('found same', pdf('found'));
  await makeInShowpad('found other', pdf('something else'));
  await makeInShowpad('found archived', pdf('found'));
  await archiveInShowpad('found archived');
  for (const _copy of [1, 2]) await makeInShowpad('two');

  const [same, text, rights, bytes, unproven, unprovenText, divided, link, , archived] = before;
  const { url: unprovenUrl } = serve('unproven.pdf', 'unproven');
  const { url: unprovenTextUrl } = serve('unproven-text.pdf', 'unproven text');
  const rows = [
    same,
    { ...text, description: 'two', tags: ['made by the import'] },
    { ...rights, isShareable: false },
    { ...bytes, ...serve('bytes-2.pdf', 'other bytes'), description: 'new' },
    { ...unproven, url: unprovenUrl, md5: undefined },
    { ...unprovenText, url: unprovenTextUrl, md5: undefined, description: 'new' },
    { ...divided, division: 'Sales' },
    link,
    { subject: 'link moved', link: 'https://example.com/b' },
    archived,
    { subject: 'text only', description: 'nothing to describe' },
    { subject: 'new', ...serve('new.pdf', 'new'), tags: ['a'], authors: ['nobody@example.com'] },
    { subject: 'new file', ...serve('new-file.pdf', 'new file'), description: '=A1', languages: ['en'] },
    { subject: 'new link', link: 'https://example.com/new' },
    { subject: 'found same', ...found, description: 'found' },
    { subject: 'found other', ...found, description: 'found' },
    { subject: 'found archived', ...found },
    { subject: 'two', ...found },
    { subject: 'same text', description: 'x' },
  ];
  const file = write('after.jsonl', rows.slice(0, -1));
  const [stored, shown] = [await everything(), JSON.stringify(connector.showpad.assets)];
  const planned = await plan(file);
  expect(await everything()).toEqual(stored);
  expect(JSON.stringify(connector.showpad.assets)).toBe(shown);
  expect(Object.fromEntries(planned.rows.map(({ subject, change }) => [subject, change]))).toEqual({
    same: 'unchanged',
    text: 'metadata',
    rights: 'metadata',
    bytes: 'new version',
    unproven: 'unchanged',
    'unproven text': 'metadata',
    divided: 'problem',
    link: 'unchanged',
    'link moved': 'metadata',
    archived: 'metadata',
    'text only': 'problem',
    new: 'problem',
    'new file': 'create',
    'new link': 'create',
    'found same': 'metadata',
    'found other': 'new version',
    'found archived': 'metadata',
    two: 'problem',
  });
  expect(planned.rows.flatMap(({ subject, dependsOnFile }) => (dependsOnFile ? [subject] : []))).toEqual([
    'unproven',
    'unproven text',
  ]);

  const from = connector.showpad.requests.length;
  const ran = await run(file, '--source', 'demo', '--json');
  expect(ran.exitCode).toBe(1);
  const { files, changes } = JSON.parse(ran.output) as {
    files: { jsonl: string };
    changes: Record<string, number>;
  };
  const results = readFileSync(files.jsonl, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { subject: string; change: string; reason: string | null });
  const codeOf = (reason: string | null): string | null => reason?.split(':')[0] ?? null;
  expect(results.map(({ subject, change, reason }) => [subject, change, codeOf(reason)])).toEqual(
    planned.rows.map(({ subject, change, problem }) => [subject, change, codeOf(problem)]),
  );
  expect(changes).toEqual({ unchanged: 3, metadata: 7, 'new version': 2, create: 2, problem: 4 });
  const good = planned.rows.filter(({ change }) => change !== 'problem');
  expect(good.map(({ subject }) => [subject, callsAbout(subject, from)])).toEqual(
    good.map(({ subject, calls }) => [subject, calls]),
  );

  const again = await plan(write('again.jsonl', rows.slice(0, 6)));
  expect(again.rows.map(({ change, calls }) => [change, calls])).toEqual(
    again.rows.map(() => ['unchanged', 0]),
  );
  expect(again.summary).toMatchObject({ calls: 0, seconds: 0, filesToCompare: 2 });
});

test('a wrong file ends with its lines, before anything is sent', async () => {
  writeFileSync(join(folder, 'wrong.csv'), 'subject,url\na,https://example.com/a.pdf\na,b\n');
  const stored = await everything();
  expect(await run('wrong.csv', '--source', 'demo')).toMatchObject({
    exitCode: 1,
    errors: expect.stringContaining('wrong.csv, line 3, url: must be an absolute URL'),
  });
  expect(await everything()).toEqual(stored);
});

test('a source that is not there is named', async () => {
  const file = write('nobody.jsonl', [{ subject: 'a', description: 'b' }]);
  expect(await run(file, '--source', 'nobody')).toMatchObject({
    exitCode: 1,
    errors: expect.stringContaining('There is no source “nobody”.'),
  });
});
