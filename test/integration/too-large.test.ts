import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Route } from '../../lib/transfer-limits.ts';
import { TransferRates } from '../../lib/transfer-rates.ts';
import { startConnector, type Connector } from '../connector.ts';
import { pushesOf } from './my-files-pushes.ts';

const mebibyte = 1024 * 1024;
const pdf = (bytes: number, text: string) =>
  Buffer.from(`%PDF-1.7\n${text.padEnd(bytes, text)}\nstartxref\n0\n%%EOF\n`);
const large = (text: string) => pdf(3 * mebibyte, text);

// Functions that end their work after seven seconds, and links that take three mebibytes in twelve.
let connector: Connector;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'too-large-'));
  const templateFile = join(directory, 'template.yaml');
  const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
  await writeFile(templateFile, template.replaceAll(/Timeout: 900$/gmu, 'Timeout: 17'));
  connector = await startConnector({ templateFile });
});
afterAll(async () => {
  await connector.stop();
  await rm(directory, { recursive: true });
});

const upsert = (subject: string, url: string) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url, name: `${subject}.pdf` } },
});
const requested = (method: string, path: RegExp) =>
  connector.showpad.requests.filter((request) => request.method === method && path.test(request.path)).length;
const assetsMade = () => requested('POST', /^\/v4\/assets$/u);
const filesMade = () => requested('POST', /\/files$/u);
const puts = () => requested('PUT', /./u);

/** As if such a file had taken ten minutes. */
async function wasSlow(route: Route, mebibytes = 3): Promise<void> {
  const { clients, tableName } = connector.stack;
  const rates = new TransferRates(DynamoDBDocumentClient.from(clients.dynamodb), tableName);
  const bytes = mebibytes * mebibyte;
  await rates.note(route, { fileBytes: bytes, movedBytes: bytes, elapsedMs: 600_000, isWhole: true });
}

test('what was cut off by the end of an invocation is not begun again for ever, in either direction', async () => {
  const { showpad, stack } = connector;
  showpad.switches.uploadBytesPerSecond = mebibyte / 4;
  const content = large('slow source');
  const dripping = connector.serve('dripping.pdf', (_request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    void (async () => {
      for (let sent = 0; sent < content.length && !response.destroyed; sent += mebibyte / 8) {
        response.write(content.subarray(sent, sent + mebibyte / 8));
        await delay(500);
      }
      response.end();
    })();
  });
  const fetched = await connector.send(upsert('slow-source', dripping));
  const sent = await connector.finish(
    upsert('slow-link', connector.serve('slow-link.pdf', large('slow link'))),
  );
  await stack.settled();

  expect(sent).toMatchObject({ state: 'failed', error: { code: 'TOO_LARGE_FOR_WORKER', retryable: true } });
  expect(sent.error?.message).toMatch(
    /^The file has \d+ bytes\. At \d+ bytes per second.* sending it takes/u,
  );
  expect([filesMade(), puts()]).toEqual([1, 1]);

  // The host is known to be fast enough, so this file has had another try.
  const unfetched = await connector.job(fetched.body.jobs[0]?.id ?? '');
  expect(unfetched).toMatchObject({ state: 'failed', error: { code: 'TOO_LARGE_FOR_WORKER' } });
  expect(unfetched.error?.message).toContain('not for the first time');
  expect(connector.served.filter(({ path }) => path === '/dripping.pdf')).toHaveLength(2);
  expect(connector.assetsOf('slow-source')).toEqual([]);
});

test('what is known to take too long to fetch is not fetched', async () => {
  const { host } = new URL(connector.serve('known.pdf', 'x'));
  await wasSlow(`source ${host}`, 100);
  const url = connector.serve('known.pdf', pdf(100 * mebibyte, 'known'));
  const job = await connector.finish(upsert('known', url));
  expect(job).toMatchObject({ state: 'failed', error: { code: 'TOO_LARGE_FOR_WORKER' } });
  expect(job.error?.message).toContain('fetching it takes');
});

test('what is known to take too long leaves nothing behind, neither a file nor an asset', async () => {
  const before = [assetsMade(), filesMade(), puts()];
  const job = await connector.finish(upsert('second', connector.serve('second.pdf', large('second'))));
  expect(job).toMatchObject({ state: 'failed', error: { code: 'TOO_LARGE_FOR_WORKER' } });
  expect([assetsMade(), filesMade(), puts()]).toEqual(before);
  expect(connector.assetsOf('second')).toEqual([]);
});

test('small files pass all the same', async () => {
  const url = connector.serve('small.pdf', pdf(mebibyte / 8, 'small'));
  expect(await connector.finish(upsert('small', url))).toMatchObject({ state: 'done', error: null });
});

test('a file for My Files that would take too long is refused before it is sent', async () => {
  const { push, uploads } = pushesOf(connector);
  await wasSlow('My Files');
  const [person] = connector.showpad.users;
  const file = { url: connector.serve('personal.pdf', large('personal')), name: 'personal.pdf' };
  const job = await push({ recipients: [person?.email], file });
  expect(job).toMatchObject({ state: 'failed', error: { code: 'RECIPIENTS_FAILED' } });
  expect(job.recipients[0]?.error?.code).toBe('TOO_LARGE_FOR_WORKER');
  expect(uploads()).toHaveLength(0);
});
