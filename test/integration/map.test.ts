import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { publishedAsset } from '../fixtures/vendors/contentful.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'map-'));
const command = join(import.meta.dirname, '../../cli/map.ts');
const write = (name: string, value: unknown): string => {
  const file = join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};
const secret = 'ab'.repeat(32);
const sources = {
  cms: {
    adapter: 'contentful',
    secrets: [secret],
    division: { name: 'Marketing' },
    mapping: {
      metadata: { authors: { value: ['jo@example.com'] }, description: { path: 'x', default: 'None' } },
    },
  },
};
const files = { sources: '', payload: '', headers: '' };
beforeAll(() => {
  files.sources = write('sources.json', sources);
  files.payload = write('payload.json', publishedAsset);
  files.headers = write('headers.json', { 'X-Contentful-Topic': 'ContentManagement.Asset.publish' });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function map(...arguments_: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const environment = { PATH: process.env['PATH'] ?? '', SOURCES: '' };
  return run(process.execPath, [command, ...arguments_], { env: environment, maxBuffer: 10_000_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => z.object({ code: z.number(), stdout: z.string(), stderr: z.string() }).parse(error),
  );
}

const requestSchema = z.object({
  method: z.string(),
  target: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown().optional(),
});
const foresightSchema = z.object({
  jobs: z.array(z.object({ state: z.string() })),
  requests: z.array(requestSchema),
});
const reportSchema = z.object({
  events: z.array(
    z.object({ event: z.unknown(), origins: z.record(z.string(), z.string()), desired: z.unknown() }),
  ),
  requests: z.object({ new: foresightSchema, known: foresightSchema }),
});

test('npm run map shows the events, where values come from, and the requests for a new and a known asset', async () => {
  const { code, stdout, stderr } = await map(
    '--source',
    'cms',
    files.payload,
    '--headers',
    files.headers,
    '--sources',
    files.sources,
    '--json',
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).not.toContain(secret);
  const { events, requests } = reportSchema.parse(JSON.parse(stdout));
  expect(events).toMatchObject([
    {
      event: { type: 'asset.upsert', subject: 'nyancat' },
      origins: {
        'metadata.name': 'fields.title.en-US',
        'metadata.authors': 'a fixed value',
        'metadata.description': 'default (nothing at x)',
      },
      desired: { lifecycle: { value: 'live' }, fields: { tags: { value: ['nyCampaign'] } } },
    },
  ]);
  const lines = (one: z.output<typeof foresightSchema>) =>
    one.requests.map(({ method, target }) => `${method} ${target}`);
  const asset = '<id of asset cms:nyancat>';
  expect(requests.new.jobs).toMatchObject([{ state: 'done' }]);
  expect(lines(requests.new)).toEqual([
    'GET /v4/assets?externalIds=cms:nyancat&limit=100&offset=0',
    'GET /v4/divisions?limit=100&offset=0',
    expect.stringMatching(/^GET \/v4\/users\?.*jo@example\.com/),
    'GET /v4/tags?exactName=nyCampaign&divisionIds=<id of Division "Marketing">&limit=100&offset=0',
    'POST /v4/tags',
    'POST /v4/assets',
    `POST /v4/assets/${asset}/files`,
    'PUT <the upload link>',
  ]);
  expect(requests.new.requests.find(({ target }) => target === '/v4/assets')?.body).toEqual({
    name: 'Nyan Cat.png',
    description: 'None',
    division: { id: '<id of Division "Marketing">' },
    tags: [{ id: '<id of tag "nyCampaign">' }],
    authors: [{ id: '<id of the user with this address>' }],
    externalId: 'cms:nyancat',
  });
  expect(requests.known.jobs).toMatchObject([{ state: 'done' }]);
  // What is known is not looked for, nor made again.
  expect(lines(requests.known)).not.toContain('POST /v4/assets');
  expect(lines(requests.known).filter((line) => line.startsWith('P'))).toEqual([
    `POST /v4/assets/${asset}/files`,
    'PUT <the upload link>',
    'POST /v4/tags',
    `POST /v4/assets/${asset}`,
  ]);
  for (const { headers } of [...requests.new.requests, ...requests.known.requests]) {
    expect(Object.keys(headers)).not.toContain('authorization');
  }
});

describe('npm run map says what is wrong', () => {
  test.each<[string, string[], number, RegExp]>([
    ['without a source', ['payload.json'], 2, /--source NAME is missing/],
    ['without a payload', ['--source', 'cms'], 2, /file with the payload is missing/],
    ['without sources', ['--source', 'cms', 'payload.json'], 2, /There are no sources/],
    ['with an unknown option', ['--quick'], 2, /--help for all options/],
  ])('%s', async (_what, arguments_, exitCode, message) => {
    const { code, stderr } = await map(...arguments_);
    expect([code, stderr]).toEqual([exitCode, expect.stringMatching(message)]);
  });

  test('with a source that there is not, and with a payload that cannot be read', async () => {
    const other = await map('--source', 'dam', files.payload, '--sources', files.sources);
    expect([other.code, other.stderr]).toEqual([2, 'There is no source “dam”. There are: cms.\n']);
    const unread = await map(
      '--source',
      'cms',
      write('bad.json', { sys: { id: 'a', updatedAt: 'x' } }),
      '--headers',
      files.headers,
      '--sources',
      files.sources,
    );
    expect(unread.code).toBe(1);
    expect(unread.stderr).toMatch(
      /data\.file\.url is missing \(from nothing at fields\.file[^]*PAYLOAD_UNREADABLE/,
    );
  });
});
