import { expect, it } from 'vitest';
import { parseReplayOptions } from '../../cli/replay-command-line.ts';
import { matchingJobs, retry } from '../../cli/replayed-jobs.ts';
import type { ApiAnswer, ConnectorApi } from '../../cli/connector-api.ts';
import { createSigner } from '../../cli/sign-request.ts';
import { findConnector } from '../../cli/connector-api.ts';

const now = new Date('2026-11-26T12:00:00Z');
const optionsOf = (...arguments_: string[]) => {
  const options = parseReplayOptions(arguments_, now);
  if (options === null) throw new Error('Help was asked for.');
  return options;
};

it('without options names all that has failed', () => {
  expect(optionsOf()).toEqual({
    state: 'failed',
    reason: undefined,
    source: undefined,
    since: undefined,
    limit: Infinity,
    perSecond: 10,
    isDryRun: false,
    isJson: false,
  });
  expect(parseReplayOptions(['--help', '--state', 'nonsense'])).toBeNull();
});

it.each([
  ['30m', '2026-11-26T11:30:00.000Z'],
  ['2h', '2026-11-26T10:00:00.000Z'],
  ['7d', '2026-11-19T12:00:00.000Z'],
  ['2026-11-01T08:00:00+02:00', '2026-11-01T06:00:00.000Z'],
])('since %s is since %s', (text, instant) => {
  expect(optionsOf('--since', text).since?.toISOString()).toBe(instant);
});

it.each([
  [['--state', 'done'], '--state must be one of failed, received'],
  [['--state', 'staged', '--reason', 'DEAD_LETTER'], '--reason goes with failed jobs'],
  [['--reason', 'BAD_LUCK'], 'There is no reason “BAD_LUCK”. There are: SOURCE_UNREACHABLE'],
  [['--source', ''], '--source is empty'],
  [['--since', 'yesterday'], '--since must be such as 30m'],
  [['--since', '2026-13-01'], '--since must be such as 30m'],
  [['--limit', '0'], '--limit must be a whole number'],
  [['--rate', '0.5'], '--rate must be a whole number'],
  [['--colour'], "Unknown option '--colour'"],
])('%j is refused with the reason', (arguments_, message) => {
  expect(() => parseReplayOptions(arguments_, now)).toThrow(message);
});

const job = (id: string, code: string, updatedAt = now.toISOString()) => ({
  id,
  type: 'asset.upsert',
  source: 'demo',
  subject: id,
  state: 'failed',
  updatedAt,
  error: { code, message: '' },
  recipients: [],
});
const answer = (status: number, body: unknown = {}): ApiAnswer => ({
  status,
  body,
  detail: `it said ${status}`,
});
/** A connector that gives these answers, the last one again and again. */
function connectorOf(answers: Readonly<Record<string, readonly ApiAnswer[]>>) {
  const asked: string[] = [];
  const api: ConnectorApi = {
    ask: (method, path, query = {}) => {
      const request = `${method} ${path} ${query['cursor'] ?? ''}`.trim();
      asked.push(request);
      const given = answers[request] ?? [];
      const count = asked.filter((one) => one === request).length;
      const next = given[Math.min(count, given.length) - 1];
      return next === undefined ? Promise.reject(new Error('Nobody answers.')) : Promise.resolve(next);
    },
  };
  return { api, asked };
}
const pages = {
  'GET /jobs': [
    answer(200, {
      items: [
        job('a', 'DEAD_LETTER'),
        job('b', 'FILE_EMPTY'),
        job('c', 'DEAD_LETTER', '2026-11-01T00:00:00Z'),
      ],
      next: 'more',
    }),
  ],
  'GET /jobs more': [
    answer(200, { items: [job('d', 'RECIPIENTS_FAILED'), job('e', 'RECIPIENTS_FAILED')], next: null }),
  ],
  'GET /jobs/d': [
    answer(200, {
      ...job('d', 'RECIPIENTS_FAILED'),
      recipients: [{ error: { code: 'DEAD_LETTER', message: '' } }],
    }),
  ],
  'GET /jobs/e': [answer(200, job('e', 'RECIPIENTS_FAILED'))],
};
const idsOf = async (...arguments_: string[]) => {
  const ids: string[] = [];
  for await (const { id } of matchingJobs(connectorOf(pages).api, optionsOf(...arguments_))) ids.push(id);
  return ids;
};

it('finds jobs by reason, also that of a recipient, and by when they last changed, page by page', async () => {
  expect(await idsOf()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(await idsOf('--reason', 'DEAD_LETTER', '--since', '2h')).toEqual(['a', 'd']);
  expect(await idsOf('--limit', '2')).toEqual(['a', 'b']);
});

const listed = job('a', 'DEAD_LETTER');
const post = 'POST /jobs/a/retry';
const get = 'GET /jobs/a';

it('waits for a connector that is busy, longer and longer, and then gives the job up', async () => {
  const busy = connectorOf({ [post]: [answer(429), answer(503), answer(202)] });
  const waits: number[] = [];
  const wait = (ms: number) => Promise.resolve(waits.push(ms));
  expect(await retry(busy.api, listed, wait)).toMatchObject({ outcome: 'retried' });
  expect(waits).toEqual([1_000, 2_000]);
  const silent = connectorOf({});
  expect(await retry(silent.api, listed, wait)).toMatchObject({
    outcome: 'failed',
    detail: 'Nobody answers.',
  });
  expect(silent.asked).toHaveLength(4);
  const refusing = connectorOf({ [post]: [answer(404)] });
  expect(await retry(refusing.api, listed, wait)).toMatchObject({ outcome: 'failed', detail: 'it said 404' });
  expect(refusing.asked).toEqual([post]);
});

it('takes a job that has ended meanwhile for no failure', async () => {
  const ended = connectorOf({ [post]: [answer(409)], [get]: [answer(200, { ...listed, state: 'done' })] });
  expect(await retry(ended.api, listed, () => Promise.resolve())).toMatchObject({ outcome: 'ended' });
});

const deployed = 'https://abc123.execute-api.eu-central-1.amazonaws.com';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };

it('signs requests to a deployed connector for its region, and each one differently', async () => {
  const sign = createSigner(new URL(deployed), {}, credentials);
  const signed = async (path: string) =>
    (await sign({ method: 'GET', url: new URL(path, deployed), headers: {} })).headers;
  const one = await signed('/jobs?state=failed');
  expect(one['authorization']).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  );
  expect(one['x-amz-security-token']).toBe('session');
  expect((await signed('/jobs?state=staged'))['authorization']).not.toBe(one['authorization']);
});

it('has to know the region of a domain of its own', () => {
  const own = new URL('https://connector.example.com');
  expect(() => createSigner(own, {}, credentials)).toThrow('Set AWS_REGION');
  expect(() => createSigner(own, { AWS_REGION: 'eu-west-1' }, credentials)).not.toThrow();
});

it('finds the connector by its address before it looks for a ready file', async () => {
  const found = await findConnector({ CONNECTOR_URL: deployed, CONNECTOR_READY_FILE: '/nowhere' });
  expect(found.href).toBe(`${deployed}/`);
  await expect(findConnector({})).rejects.toThrow('Which connector? Set CONNECTOR_URL');
  await expect(findConnector({ CONNECTOR_URL: 'ftp://a' })).rejects.toThrow('must be an http or https URL');
  await expect(findConnector({ CONNECTOR_READY_FILE: '/nowhere' })).rejects.toThrow('cannot be read');
});
