import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { hardshipsOf, jobKey, type Hardships } from './hardships.ts';

interface Run {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

const command = fileURLToPath(new URL('../../cli/replay.ts', import.meta.url));
let connector: Connector;
let hardships: Hardships;
let directory: string;
let isSourceUp = true;
beforeAll(async () => {
  connector = await startConnector({ parameters: { SourceDeadlineSeconds: '0', TicketPollSeconds: '1' } });
  hardships = hardshipsOf(connector);
  directory = mkdtempSync(join(tmpdir(), 'replay-'));
  writeFileSync(join(directory, 'ready.json'), JSON.stringify({ api: connector.stack.apiUrl }));
});
afterAll(async () => {
  await connector.stop();
  rmSync(directory, { recursive: true });
});

function replay(...arguments_: string[]): Promise<Run> {
  const env = { ...process.env, CONNECTOR_URL: '', CONNECTOR_READY_FILE: join(directory, 'ready.json') };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...arguments_], { env }, (error, output, errors) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output, errors });
    });
  });
}
const urlOf = (name: string) =>
  connector.serve(name, (_request, response) => {
    if (isSourceUp) response.writeHead(200).end(pdf(name));
    else response.writeHead(503).end();
  });
const writes = () => connector.showpad.requests.filter(({ method }) => method !== 'GET').length;

async function finishAll(): Promise<string[]> {
  const jobs = [];
  for (const subject of ['one', 'two', 'three']) {
    const metadata = { description: subject, tags: [{ name: subject }] };
    const data = { file: { url: urlOf(`${subject}.pdf`), name: 'Replay.pdf' }, metadata };
    jobs.push(await connector.finish({ type: 'asset.upsert', subject, data }));
  }
  const [{ email } = { email: '' }] = connector.showpad.users;
  const data = { recipients: [email], file: { url: urlOf('push.pdf'), name: 'Push.pdf' } };
  jobs.push(await connector.finish({ type: 'myfiles.upload', subject: 'push', data }));
  return jobs.map(({ id }) => id);
}
const statesOf = (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await connector.job(id)).state));

test('what failed is shown, tried again on request, and replaying it all once more changes nothing', async () => {
  isSourceUp = false;
  const ids = await finishAll();
  expect(await statesOf(ids)).toEqual(['failed', 'failed', 'failed', 'failed']);

  const shown = await replay('--reason', 'SOURCE_UNREACHABLE', '--since', '2h', '--dry-run');
  expect(shown).toMatchObject({ exitCode: 0, errors: '' });
  for (const id of ids) expect(shown.output).toContain(id);
  expect(shown.output).toMatch(/\n {2}4 × SOURCE_UNREACHABLE\n$/);
  expect(await statesOf(ids)).toEqual(['failed', 'failed', 'failed', 'failed']);
  const others = await replay('--reason', 'DEAD_LETTER', '--dry-run');
  expect(others).toMatchObject({ exitCode: 0, output: '  Nothing was found.\n' });

  isSourceUp = true;
  // Two people at once, who do not know of each other.
  const [first, second] = await Promise.all([replay(), replay('--json')]);
  expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
  await connector.stack.settled();
  expect(await statesOf(ids)).toEqual(['done', 'done', 'done', 'done']);
  expect(connector.showpad.assets).toHaveLength(3);

  // As if nobody had noted that they are done.
  const before = writes();
  const error = { code: 'DEAD_LETTER', message: 'Nobody knows.', retryable: true };
  for (const id of ids) await hardships.set(jobKey(id), { state: 'failed', error });
  const again = await replay('--json', '--reason', 'DEAD_LETTER');
  const report = JSON.parse(again.output) as { retries: { id: string; outcome: string }[] };
  expect(report).toMatchObject({ dryRun: false, reasons: { DEAD_LETTER: 4 } });
  expect(report.retries.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(report.retries.every(({ outcome }) => outcome === 'retried')).toBe(true);
  await connector.stack.settled();
  expect(await statesOf(ids)).toEqual(['done', 'done', 'done', 'done']);
  expect(writes()).toBe(before);
});

test('open jobs get their message again, page by page up to the limit', async () => {
  await connector.stack.pause('stage-binary');
  const ids: string[] = [];
  for (const subject of ['open-1', 'open-2', 'open-3']) {
    const data = { file: { url: urlOf(`${subject}.pdf`), name: 'Open.pdf' } };
    const { body } = await connector.send({ type: 'asset.upsert', subject, data });
    ids.push(body.jobs[0]?.id ?? '');
  }
  await hardships.lose('stage');
  const limited = await replay('--state', 'received', '--limit', '1', '--json');
  expect(JSON.parse(limited.output)).toMatchObject({ retries: [{ id: ids[2], outcome: 'retried' }] });
  expect((await replay('--state', 'received')).output).toContain('3 of 3 jobs are tried again');
  await connector.stack.resume('stage-binary');
  await connector.stack.settled();
  expect(await statesOf(ids)).toEqual(['done', 'done', 'done']);
  expect(
    connector.showpad.assets.flatMap(({ files }) => files.flatMap(({ uploads }) => uploads)),
  ).toHaveLength(6);
  expect(await connector.post(`/jobs/${ids[0]}/retry`, '', {})).toMatchObject({
    status: 409,
    body: { detail: 'There is nothing to try again of this job: it is done.' },
  });
});

test('what cannot be tried again is named, and the command fails', async () => {
  const { id } = await connector.finish({
    type: 'asset.upsert',
    subject: 'gone',
    data: { url: 'https://a.example' },
  });
  const error = { code: 'DEAD_LETTER', message: 'Nobody knows.', retryable: true };
  // Its event was never laid into any state.
  await hardships.set(jobKey(id), { state: 'failed', error, key: 'demo:elsewhere' });
  const { exitCode, output } = await replay('--reason', 'DEAD_LETTER');
  expect(exitCode).toBe(1);
  expect(output).toContain(`${id} could not be tried again: The event of this job could not be kept`);
});

test('a command that is not usable says why', async () => {
  expect(await replay('--state', 'done')).toMatchObject({ exitCode: 2, output: '' });
  const help = await replay('--help');
  expect(help).toMatchObject({ exitCode: 0, errors: '' });
  expect(help.output).toMatch(/^Usage: npm run replay/);
});
