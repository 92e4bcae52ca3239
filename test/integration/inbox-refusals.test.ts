import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { md5, pdf, type Connector } from '../connector.ts';
import { drop, jobsOf, takeAway } from '../inbox-drops.ts';
import { recordLines } from '../recorded-lines.ts';
import { hardshipsOf, startFragileConnector, type Hardships } from './hardships.ts';

const division = '0123456789abcdef0123456789abcdef';
const secrets = [`whsec_${Buffer.from('a secret of these tests').toString('base64')}`];

let connector: Connector;
let stop: () => Promise<void>;
let hardships: Hardships;
beforeAll(async () => {
  ({ connector, stop } = await startFragileConnector({
    environment: { POWERTOOLS_LOG_LEVEL: 'ERROR' },
    showpadEmulator: { divisions: [{ name: 'Marketing', id: division }] },
    sources: {
      demo: { adapter: 'cloudevents', secrets, division },
      vendor: { adapter: 'contentful', secrets: [], division, doors: ['inbox'] },
      closed: { adapter: 'cloudevents', secrets, division, doors: ['https'] },
    },
  }));
  hardships = hardshipsOf(connector);
});
afterAll(() => stop());

const settled = () => connector.stack.settled(55_000);
const assetOf = (subject: string) =>
  connector.showpad.assets.find(({ externalId }) => externalId === `demo:${subject}`);
const retry = async (id: string | undefined) => {
  expect(await connector.post(`/jobs/${id ?? ''}/retry`, '', {})).toMatchObject({ status: 202 });
};

describe('metadata beside a file that cannot be read', () => {
  test.each<[string, string, string | object, RegExp]>([
    ['no JSON', 'broken', '{"name":', /inbox\/demo\/broken\.pdf\.json is not JSON/],
    [
      'wrong fields',
      'wrong',
      { title: 'x', languages: ['English'] },
      /wrong\.pdf\.json: languages\[0\] must be a language code .+; title is not a known field/,
    ],
    ['too long', 'long', ' '.repeat(262_145), /long\.pdf\.json has 262145 bytes; at most 262144 are read/],
  ])('(%s) fails a job that names it, and a retry takes it mended', async (_what, name, content, message) => {
    const key = `inbox/demo/${name}.pdf`;
    await drop(connector, `${key}.json`, content);
    await settled();
    await drop(connector, key, pdf(name));
    await settled();
    const [failed, ...others] = await jobsOf(connector, key);
    expect(others).toEqual([]);
    expect(failed).toMatchObject({
      type: 'unreadable',
      state: 'failed',
      error: { code: 'PAYLOAD_UNREADABLE', retryable: true, message: expect.stringMatching(message) },
    });
    expect(assetOf(key)).toBeUndefined();

    await retry(failed?.id);
    expect(await connector.job(failed?.id ?? '')).toMatchObject({ state: 'failed' });
    // What S3 says of the mended one is not heard before the retry.
    await connector.stack.pause('receive-file');
    await drop(connector, `${key}.json`, { description: 'mended' });
    await retry(failed?.id);
    await connector.stack.resume('receive-file');
    await settled();
    expect(await connector.job(failed?.id ?? '')).toMatchObject({ state: 'done', error: null });
    expect(assetOf(key)).toMatchObject({ description: 'mended', checksum: md5(pdf(name)) });
    expect(assetOf(key)?.files).toHaveLength(1);
  });

  test('is taken when it is put again, and with it the file that has come meanwhile', async () => {
    const key = 'inbox/demo/again.pdf';
    await drop(connector, key, pdf('one'));
    await settled();
    // S3 tells to the second when a file came.
    const second = () => Math.floor(Date.now() / 1_000);
    const first = second();
    await hardships.until(() => Promise.resolve(second() > first));
    await drop(connector, `${key}.json`, '[]');
    await drop(connector, key, pdf('two'));
    await settled();
    expect(assetOf(key)).toMatchObject({ checksum: md5(pdf('one')) });
    const failed = (await jobsOf(connector, key)).filter(({ state }) => state === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    await drop(connector, `${key}.json`, { description: 'mended' });
    await settled();
    expect(assetOf(key)).toMatchObject({ description: 'mended', checksum: md5(pdf('two')) });
  });

  test('is told of an object whose own metadata is wrong, whatever the adapter of its source', async () => {
    const key = 'inbox/vendor/own.pdf';
    await drop(connector, key, pdf('own'), { metadata: { 'is-sensitive': 'yes' } });
    await settled();
    const [failed] = await jobsOf(connector, key);
    expect(failed?.error?.message).toContain('x-amz-meta-is-sensitive must be true or false');
    await takeAway(connector, key);
    await settled();
    await retry(failed?.id);
    expect(await connector.job(failed?.id ?? '')).toMatchObject({ state: 'done', error: null });
  });
});

test('an empty file, and one whose name a URL cannot say, fail with a reason', async () => {
  await drop(connector, 'inbox/demo/empty.pdf', '');
  await drop(connector, 'inbox/demo/a/../b.pdf', pdf('b'));
  await drop(connector, 'inbox/demo/new\nline.pdf', pdf('line'));
  await settled();
  const [empty] = await jobsOf(connector, 'inbox/demo/empty.pdf');
  expect(empty?.error).toMatchObject({ code: 'FILE_EMPTY' });
  const [dotted] = await jobsOf(connector, 'inbox/demo/a/../b.pdf');
  expect(dotted?.error?.message).toContain('inbox/demo/a/../b.pdf must not have . or .. as a part');
  await takeAway(connector, 'inbox/demo/a/../b.pdf');
  await settled();
  expect(await jobsOf(connector, 'inbox/demo/a/../b.pdf')).toHaveLength(1);
  const [line] = await jobsOf(connector, '(unreadable)', 'demo');
  expect(line?.error?.message).toContain('subject must not hold line breaks');
});

test('a key as long as S3 takes becomes an asset like any other', async () => {
  const name = `${'long '.repeat(190)}end.pdf`;
  const key = `inbox/demo/${'f'.repeat(1_024 - 12 - name.length)}/${name}`;
  await drop(connector, key, pdf('long'));
  await settled();
  expect(await jobsOf(connector, key)).toMatchObject([{ type: 'asset.upsert', state: 'done' }]);
  expect(connector.showpad.assets.some(({ checksum }) => checksum === md5(pdf('long')))).toBe(true);
});

test.each([
  ['of no folder', 'inbox/lost.pdf', /lies in no source's folder: put it under inbox\/\{source\}\//],
  ['of no source', 'inbox/typo/lost.pdf', /there is no “typo”\. Set it up, and redrive/],
  [
    'of a source that the inbox is closed to',
    'inbox/closed/lost.pdf',
    /add "inbox" to the "doors" of “closed”/,
  ],
])('a file %s waits as a dead letter, and its error says what to do', async (_what, key, message) => {
  const recording = recordLines();
  await drop(connector, key, pdf('lost'));
  await hardships.exhaust();
  recording.stop();
  const failures = recording.lines.filter((line) => line['message'] === 'message failed');
  expect(failures).toMatchObject([1, 2].map(() => ({ error: { message: expect.stringMatching(message) } })));
  expect(await connector.stack.deadLetters()).toMatchObject([
    { queue: 'InboxDeadLetterQueue', body: expect.stringContaining(key) },
  ]);
  await hardships.lose('inboxDeadLetter');
});
