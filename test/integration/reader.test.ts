import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startShowpadEmulator, type ShowpadEmulator } from '../../local/showpad/showpad-emulator.ts';
import { createShowpadCaller, only } from '../showpad-caller.ts';

const reader = fileURLToPath(new URL('../../cli/showpad.ts', import.meta.url));
let emulator: ShowpadEmulator;
let directory: string;
let readyFile: string;

beforeAll(async () => {
  emulator = await startShowpadEmulator({
    switches: { indexLagMs: 0, preparedInLists: true },
    oauthClients: [{ clientId: 'reader', clientSecret: 'canary-secret' }],
    users: [
      { email: 'jo@example.com', firstName: 'Jo', lastName: 'Doe', password: 'canary-password' },
      { email: 'max@example.com', firstName: 'Max' },
    ],
    tags: [
      { name: 'Spring', division: 'Marketing' },
      { name: 'Spring', division: 'Sales' },
      { name: 'Brochure', division: 'Marketing' },
    ],
  });
  const { call, createAsset, createFile } = createShowpadCaller(emulator);
  const [spring, , brochure] = emulator.tags.map(({ id }) => ({ id }));
  const category = { name: 'Season', division: { id: divisionId('Marketing') }, tags: [spring] };
  await call('POST', '/tag-categories', { body: category });
  const { id } = await createAsset({
    name: 'Flow 200.pdf',
    tags: [spring, brochure],
    externalId: 'dam:1',
    description: 'First line\nSecond line',
  });
  await createFile(id);
  await createAsset({ name: 'Flow 300.pdf', tags: [brochure], isArchived: true });
  await createAsset({
    name: 'Hostile \u001B]0;title\u0007\u202Efdp.exe',
    division: { id: divisionId('Sales') },
  });

  directory = mkdtempSync(join(tmpdir(), 'reader-'));
  readyFile = join(directory, 'ready.json');
  const showpad = { v4: emulator.v4Url, v3: emulator.v3Url, token: emulator.token };
  writeFileSync(readyFile, JSON.stringify({ api: 'http://127.0.0.1:3000', showpad }));
});
afterAll(async () => {
  await emulator.close();
  rmSync(directory, { recursive: true });
});

const divisionId = (name: string) => only(emulator.divisions.filter((division) => division.name === name)).id;
const asset = (name: string) => only(emulator.assets.filter((one) => one.name.startsWith(name)));

interface Run {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

const settings = ['SHOWPAD_V4_URL', 'SHOWPAD_V3_URL', 'SHOWPAD_TOKEN', 'SHOWPAD_CREDENTIALS'];

function runWith(environment: Record<string, string>, arguments_: readonly string[]): Promise<Run> {
  const cleared = Object.fromEntries([...settings, 'CONNECTOR_READY_FILE'].map((name) => [name, '']));
  const env = { ...process.env, ...cleared, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [reader, ...arguments_], { env }, (error, output, errors) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output, errors });
    });
  });
}
const run = (...arguments_: string[]) => runWith({ CONNECTOR_READY_FILE: readyFile }, arguments_);
const rows = ({ output }: Run) =>
  output
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((line) => line.trim().split(/ {2,}/));
const objects = async (...arguments_: string[]) => {
  const { output, errors } = await run(...arguments_, '--json');
  expect(errors).toBe('');
  return JSON.parse(output) as Record<string, unknown>[];
};
const names = async (...arguments_: string[]) => (await objects(...arguments_)).map(({ name }) => name);

describe('lists', () => {
  test('show assets in a table whose columns are aligned', async () => {
    const listed = await run('assets', 'list', '--name', 'flow');
    expect(listed).toMatchObject({ exitCode: 0, errors: '' });
    const lines = listed.output.trimEnd().split('\n');
    const at = lines[0]?.indexOf('STATUS') ?? 0;
    expect(lines.slice(2).map((line) => line.slice(at, at + 8))).toEqual(['prepared', 'prepared']);
    expect(rows(listed)).toEqual([
      [asset('Flow 200').id, 'Flow 200.pdf', 'document', 'prepared', 'no', '–', '2', 'dam:1'],
      [asset('Flow 300').id, 'Flow 300.pdf', 'document', 'prepared', 'yes', '–', '1', '–'],
    ]);
  });

  test('find assets by the names and ids of tags and Divisions, and by their own ids', async () => {
    const byTags = ['assets', 'list', '--tag', 'Brochure', '--tag', emulator.tags[0]?.id ?? ''];
    expect(await names(...byTags)).toEqual(['Flow 200.pdf']);
    expect(await names('assets', 'list', '--tag', 'Spring', '--division', 'Sales')).toEqual([]);
    expect(await names('assets', 'list', '--division', divisionId('Sales'))).toHaveLength(1);
    expect(await names('assets', 'list', '--external-id', 'dam:1', '--external-id', 'x')).toEqual([
      'Flow 200.pdf',
    ]);
    expect(await names('assets', 'list', '--id', asset('Flow 300').id)).toEqual(['Flow 300.pdf']);
    expect(await names('assets', 'list', '--slug', asset('Flow 200').slug)).toEqual(['Flow 200.pdf']);
  });

  test('show files, tags, tag categories, Divisions and users', async () => {
    const { id } = asset('Flow 200');
    expect(rows(await run('files', 'list', id))).toMatchObject([
      { 1: 'Flow 200.pdf', 2: 'prepared', 4: '–' },
    ]);
    const marketing = ['--division', 'Marketing'];
    expect(await names('tags', 'list', ...marketing, '--name', 'BROCH')).toEqual(['Brochure']);
    expect(await names('tags', 'list', '--exact-name', 'Spring')).toEqual(['Spring', 'Spring']);
    expect(await names('tags', 'list', '--category', 'Season', ...marketing)).toEqual(['Spring']);
    expect(rows(await run('tag-categories', 'list', ...marketing))).toEqual([
      [expect.any(String), 'Season', divisionId('Marketing'), '–', 'yes'],
    ]);
    expect(rows(await run('divisions', 'list'))).toEqual([
      [divisionId('Marketing'), 'Marketing', 'yes'],
      [divisionId('Sales'), 'Sales', 'no'],
    ]);
    expect(rows(await run('users', 'list', '--email', 'Jo@Example.com'))).toEqual([
      [expect.any(String), 'jo@example.com', 'Jo', 'Doe'],
    ]);
  });

  test('stop at the limit and say so, beside the output', async () => {
    const limited = await run('tags', 'list', '--limit', '2', '--jsonl');
    expect(
      limited.output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ name: 'Spring' }, { name: 'Spring' }]);
    expect(limited).toMatchObject({ exitCode: 0, errors: expect.stringContaining('Stopped at 2') });
    expect(await run('tags', 'list', '--limit', 'all')).toMatchObject({ exitCode: 0, errors: '' });
  });

  test('that are empty are an empty array, or a word instead of a table', async () => {
    expect(await objects('assets', 'list', '--name', 'nothing like it')).toEqual([]);
    expect((await run('assets', 'list', '--name', 'nothing like it')).output).toBe('  Nothing was found.\n');
  });

  test('show names that would steer a terminal without what steers it', async () => {
    const { output } = await run('assets', 'list', '--name', 'hostile');
    expect(output).toContain('Hostile  ]0;title fdp.exe');
    expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('one asset', () => {
  test('is shown field by field, or as an object', async () => {
    const { id, tags } = asset('Flow 200');
    const { output, exitCode } = await run('assets', 'get', id);
    expect(exitCode).toBe(0);
    expect(output).toMatch(new RegExp(`^ +id +${id}$`, 'm'));
    expect(output).toMatch(/^ +description +First line Second line$/m);
    expect(output).toMatch(new RegExp(`^ +tags +${tags.map((tag) => tag.id).join(', ')}$`, 'm'));
    expect(JSON.parse((await run('assets', 'get', id, '--json')).output)).toMatchObject({
      id,
      description: 'First line\nSecond line',
    });
  });

  test('that is not there fails with its id', async () => {
    const missing = await run('assets', 'get', '0123abcd');
    expect(missing).toMatchObject({ exitCode: 1, output: '' });
    expect(missing.errors).toContain('Showpad has no “0123abcd”, or the token may not see it.');
  });
});

describe('a query', () => {
  test('finds assets', async () => {
    expect(await names('query', 'archivedAt IS EMPTY AND name ~ "Flow"')).toEqual(['Flow 200.pdf']);
  });

  test('that Showpad does not understand is shown with a caret under the fault', async () => {
    const { exitCode, output, errors } = await run('query', 'name ~ "Flow" AND\nsize ? 3');
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: '' });
    const [message, , shown, caret = ''] = errors.split('\n');
    expect(message).toMatch(/^Showpad does not understand the query\. .+ at character \d+$/);
    expect(shown).toBe('  name ~ "Flow" AND size ? 3');
    expect(caret).toMatch(/^ +\^$/);
    expect(caret.indexOf('^') - 2).toBe(Number(/\d+$/.exec(message ?? '')?.[0]));
  });
});

describe('a name', () => {
  test('that several tags have is answered with their ids', async () => {
    const { exitCode, errors } = await run('assets', 'list', '--tag', 'Spring');
    expect(exitCode).toBe(1);
    for (const { id } of emulator.tags.filter(({ name }) => name === 'Spring')) expect(errors).toContain(id);
  });

  test.each(['tag', 'division'])('that no %s has is an error', async (kind) => {
    const { exitCode, errors } = await run('assets', 'list', `--${kind}`, 'Nowhere');
    expect(exitCode).toBe(1);
    expect(errors).toMatch(new RegExp(`^The token sees no ${kind} “Nowhere”`, 'i'));
  });
});

describe('wrong usage', () => {
  test.each([
    [['assets', 'lost'], 'There is no command “assets lost”.'],
    [['assets', 'get', '..'], '".." cannot be part of the path'],
    [['assets', 'list', '--external-id', 'a,b'], 'externalIds has a comma'],
  ])('%j exits 2 and says why', async (arguments_, message) => {
    const { exitCode, output, errors } = await run(...arguments_);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toContain(message);
  });

  test('is explained by --help, which needs no Showpad', async () => {
    const { exitCode, output, errors } = await runWith({}, ['assets', 'list', '--help']);
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    expect(output).toMatch(/^Usage: npm run showpad -- COMMAND[^]*Examples:/);
  });
});

describe('the organisation', () => {
  const list = ['divisions', 'list'];

  test('may be one of your own', async () => {
    const own = { SHOWPAD_V4_URL: emulator.v4Url, SHOWPAD_TOKEN: emulator.token };
    expect(await runWith(own, list)).toMatchObject({ exitCode: 0, errors: '' });
  });

  const client = { clientId: 'reader', clientSecret: 'canary-secret' };
  const logIn = (credentials: Record<string, string>) => {
    const SHOWPAD_CREDENTIALS = JSON.stringify({ ...client, ...credentials });
    return runWith({ SHOWPAD_V4_URL: emulator.v4Url, SHOWPAD_CREDENTIALS }, list);
  };

  test('may be logged in to with a password', async () => {
    const password = { grant: 'password', username: 'jo@example.com', password: 'canary-password' };
    expect(await logIn(password)).toMatchObject({ exitCode: 0, errors: '' });
    const { exitCode, errors } = await logIn({ ...password, password: 'canary-wrong' });
    expect(exitCode).toBe(1);
    expect(errors).toBe('Showpad refuses the log-in with SHOWPAD_CREDENTIALS (invalid_grant).\n');
  });

  test('is not asked with the refresh token of the connector', async () => {
    const before = emulator.requests.length;
    const { exitCode, errors } = await logIn({ grant: 'refresh_token', refreshToken: 'canary' });
    expect(exitCode).toBe(2);
    expect(errors).toMatch(/^SHOWPAD_CREDENTIALS holds a refresh token, which can be used once and is the/);
    expect(errors).not.toContain('canary');
    expect(emulator.requests).toHaveLength(before);
  });

  test('has to be named', async () => {
    const { exitCode, output, errors } = await runWith({}, list);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toMatch(/^Which Showpad\? Set SHOWPAD_V4_URL/);
  });

  test('that is not up is an error', async () => {
    const own = { SHOWPAD_V4_URL: 'http://127.0.0.1:1/v4', SHOWPAD_TOKEN: 'x' };
    const { exitCode, errors } = await runWith(own, list);
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/^Showpad did not answer\. Check the address/);
  });

  test('that refuses the token is told with where the token is from, and without it', async () => {
    const own = { SHOWPAD_V4_URL: emulator.v4Url, SHOWPAD_TOKEN: 'canary-token' };
    const { exitCode, errors } = await runWith(own, ['users', 'list', '--email', 'jo@example.com']);
    expect(exitCode).toBe(1);
    expect(errors).toBe(
      'Showpad refuses the token of SHOWPAD_TOKEN: it is wrong, has expired or was revoked.\n',
    );
  });
});
