import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { greeting } from '../../local/greeting.ts';
import { readyContent } from '../../local/ready-file.ts';
import { pdf, startConnector, type Connector } from '../connector.ts';

interface Run {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
let connector: Connector;
let directory: string;
beforeAll(async () => {
  connector = await startConnector();
  directory = mkdtempSync(join(tmpdir(), 'send-'));
  writeFileSync(join(directory, 'ready.json'), JSON.stringify(readyContent(connector.stack)));
});
afterAll(async () => {
  await connector.stop();
  rmSync(directory, { recursive: true });
});

function run(command: readonly string[], settings: Record<string, string>, input = ''): Promise<Run> {
  const [program = '', ...arguments_] = command;
  const none = { CONNECTOR_URL: '', CONNECTOR_SECRET: '', CONNECTOR_READY_FILE: '', INIT_CWD: directory };
  const env = { ...process.env, ...none, ...settings };
  return new Promise((resolve) => {
    const child = execFile(program, arguments_, { env, cwd: root }, (error, output, errors) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output, errors });
    });
    child.stdin?.end(input);
  });
}
const send = (arguments_: readonly string[], settings: Record<string, string> = {}, input = '') =>
  run(
    [process.execPath, join(root, 'cli/send.ts'), ...arguments_],
    { CONNECTOR_READY_FILE: join(directory, 'ready.json'), ...settings },
    input,
  );

test('one line brings a file into Showpad, tells when it is usable, and does nothing twice', async () => {
  const url = connector.serve('brochure.pdf', pdf('sent'));
  const words = ['--subject', 'sent', '--url', url, '--name', 'Sent.pdf', '--tag', 'first', '--id', 'once'];
  const waited = await send([...words, '--wait']);
  expect(waited).toMatchObject({ exitCode: 0, errors: expect.stringMatching(/ {2}done\n$/) });
  const [asset] = connector.assetsOf('sent');
  expect(asset).toMatchObject({ name: 'Sent.pdf', status: 'active', tags: [{ id: expect.any(String) }] });
  expect(waited.output).toContain(`It is done: asset ${asset?.id} in Showpad.`);
  const again = await send(words);
  expect(again).toMatchObject({ exitCode: 0, errors: '' });
  expect(again.output).toMatch(
    /^asset\.upsert of sent had come before: job (job_\w+), done\.\n.*curl .*\/jobs\/\1\n$/,
  );
  expect(connector.assetsOf('sent')).toHaveLength(1);
});

test('an event of any type is sent from a file or the standard input, and told as JSON', async () => {
  writeFileSync(
    join(directory, 'event.json'),
    JSON.stringify({ type: 'asset.upsert', subject: 'link', data: { url: 'https://a.example' } }),
  );
  const fromFile = await send(['--event', 'event.json', '--json', '--wait']);
  expect(fromFile.exitCode).toBe(0);
  expect(JSON.parse(fromFile.output)).toMatchObject({
    event: { type: 'asset.upsert', subject: 'link' },
    status: 202,
    jobs: [{ state: 'done', showpad: { assetId: connector.assetsOf('link')[0]?.id } }],
  });
  const strange = JSON.stringify({ specversion: '1.0', id: 'x', source: '/x', type: 'x.y', subject: 'z' });
  const fromInput = await send(['--event', '-', '--wait'], {}, strange);
  expect(fromInput).toMatchObject({ exitCode: 0 });
  expect(fromInput.output).toContain('Events of this type are none that the connector does anything for.');
  expect(await send(['--event', '-'], {}, 'no JSON')).toMatchObject({
    exitCode: 2,
    errors: 'The event is not JSON.\n',
  });
});

test('what is refused, and a job that fails, end it with a sentence that tells no secret', async () => {
  const archive = ['--type', 'asset.archive', '--subject', 'sent'];
  const secret = 'whsec_d3JvbmcgYnV0IGxvbmcgZW5vdWdoIHRvIGJlIG9uZQ==';
  const wrong = await send(archive, { CONNECTOR_SECRET: secret });
  expect(wrong).toMatchObject({ exitCode: 1, output: '' });
  expect(wrong.errors).toContain('The secret must be one of those that the source demo has now');
  expect(wrong.errors).not.toContain(secret.slice(6, 16));
  const invalid = await send(
    ['--event', '-'],
    {},
    JSON.stringify({ type: 'asset.upsert', subject: 'x', data: {} }),
  );
  expect(invalid).toMatchObject({ exitCode: 1 });
  expect(invalid.errors).toMatch(/nothing was stored:\n {2}data must have either "file" or "url"/);
  const url = connector.serve('gone.pdf', (_request, response) => response.writeHead(404).end());
  const failed = await send(['--subject', 'gone', '--url', url, '--wait']);
  expect(failed).toMatchObject({ exitCode: 1 });
  expect(failed.output).toContain('It has failed. SOURCE_NOT_FOUND: ');
});

test('the command that npm start prints sends a first event', async () => {
  const url = connector.serve('dummy.pdf', pdf('first'));
  const [, command = ''] = greeting(connector.stack).split(/another terminal.*:\n/);
  const { exitCode, output } = await run(['bash', '-c', command.replace(/'https:[^']+'/, `'${url}'`)], {});
  expect(output).toContain('It is done: asset ');
  expect(exitCode).toBe(0);
  expect(connector.assetsOf('readme')).toMatchObject([{ status: 'active' }]);
});
