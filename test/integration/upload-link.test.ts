import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { md5, startConnector, type Connector } from '../connector.ts';

const pdf = (text: string) => Buffer.from(`%PDF-1.7\n${text.repeat(20_000)}\nstartxref\n0\n%%EOF\n`);
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector();
});
afterAll(() => connector.stop());

const upsert = (subject: string) => ({
  type: 'asset.upsert',
  subject,
  data: { file: { url: connector.serve(`${subject}.pdf`, pdf(subject)), name: `${subject}.pdf` } },
});
const assetOf = (subject: string) => connector.assetsOf(subject)[0];
const isPut = { method: 'PUT' };

test.each(['signed-header', 'query', 'unsigned-params-absent'] as const)(
  'the metadata of the upload goes the way the link demands: %s',
  async (mode) => {
    connector.showpad.switches.uploadMetadataMode = mode;
    expect(await connector.finish(upsert(mode))).toMatchObject({ state: 'done', error: null });
    connector.showpad.switches.uploadMetadataMode = 'signed-header';
  },
);

describe('an upload that', () => {
  test.each([
    [
      'is refused as expired',
      { kind: 'status', status: 403, body: '<Error><Code>AccessDenied</Code></Error>' },
      2,
    ],
    ['is throttled', { kind: 'status', status: 503, body: '<Error><Code>SlowDown</Code></Error>' }, 2],
    ['breaks off in the middle', { kind: 'cutRequest', afterBytes: 50_000 }, 2],
    ['breaks off at once', { kind: 'reset' }, 2],
    ['arrives, but its answer is lost', { kind: 'commitThenDrop' }, 1],
  ] as const)('%s ends as one usable file', async (what, action, puts) => {
    const subject = what.replaceAll(/[ ,]+/g, '-');
    const fault = connector.showpad.faults.add({ match: isPut, action });
    const before = connector.showpad.requests.length;
    const job = await connector.finish(upsert(subject));
    expect(fault.hits).toBe(1);
    expect(job).toMatchObject({ state: 'done', error: null });
    expect(assetOf(subject)).toMatchObject({ status: 'active', checksum: md5(pdf(subject)) });
    const sent = connector.showpad.requests.slice(before).filter(({ method }) => method === 'PUT');
    expect(sent).toHaveLength(puts);
  });

  test('never gets a link that was used before', async () => {
    connector.showpad.faults.add({ match: { ...isPut, times: 3 }, action: { kind: 'status', status: 503 } });
    const before = connector.showpad.requests.length;
    await connector.finish(upsert('fresh-links'));
    const puts = connector.showpad.requests.slice(before).filter(({ method }) => method === 'PUT');
    expect(puts.length).toBe(4);
    expect(new Set(puts.map(({ path, query }) => `${path}?${query}`)).size).toBe(puts.length);
  });

  test('is refused for good fails the job with what the storage said', async () => {
    const fault = connector.showpad.faults.add({
      match: { ...isPut, times: 'always' },
      action: { kind: 'status', status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' },
    });
    const job = await connector.finish(upsert('refused'));
    fault.remove();
    expect(job).toMatchObject({ state: 'failed', error: { code: 'UPLOAD_REFUSED', retryable: true } });
    expect(job.error?.message).toContain('SignatureDoesNotMatch');
    expect(job.error?.message).not.toContain('X-Amz-Signature');
  });
});

test('an answer without an upload link is asked again', async () => {
  connector.showpad.switches.uploadUrlNull = true;
  const { body } = await connector.send(upsert('no-link'));
  while (!connector.showpad.requests.some(({ path, status }) => path.endsWith('/files') && status === 201)) {
    await connector.showpad.changed();
  }
  connector.showpad.switches.uploadUrlNull = false;
  await connector.stack.settled();
  expect(await connector.job(body.jobs[0]?.id ?? '')).toMatchObject({ state: 'done', error: null });
});

test('a token that Showpad refuses is read again, once for everybody', async () => {
  const fault = connector.showpad.faults.add({
    match: { path: /^\/v4\// },
    action: { kind: 'status', status: 401 },
  });
  expect(await connector.finish(upsert('token'))).toMatchObject({ state: 'done', error: null });
  expect(fault.hits).toBe(1);
});

test('what the token may not do fails the job and says so', async () => {
  const fault = connector.showpad.faults.add({
    match: { method: 'POST', path: '/v4/assets', times: 'always' },
    action: { kind: 'status', status: 403 },
  });
  const job = await connector.finish(upsert('forbidden'));
  fault.remove();
  expect(job).toMatchObject({ state: 'failed', error: { code: 'SHOWPAD_FORBIDDEN', retryable: false } });
});
