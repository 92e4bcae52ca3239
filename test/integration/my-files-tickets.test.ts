import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cloudEvent, md5, pdf, signed, startConnector, type Connector } from '../connector.ts';
import { defaultSwitches, type Switches } from '../../local/showpad/switches.ts';
import { pushesOf, type Pushes } from './my-files-pushes.ts';

const secrets = [`whsec_${Buffer.from('a secret of these tests').toString('base64')}`];
const recipients = ['jo@example.com'];
// Where a ticket is looked at every second, a message may still come a tenth of a second early.
const shortestGapMs = 700;

let connector: Connector;
let pushes: Pushes;
beforeAll(async () => {
  connector = await startConnector({
    parameters: { TicketPollSeconds: '1', ProcessingDeadlineSeconds: '3' },
    sources: {
      demo: { adapter: 'cloudevents', secrets },
      force: { adapter: 'cloudevents', secrets, onProcessingFailed: 'forceUse' },
    },
  });
  pushes = pushesOf(connector);
});
afterAll(() => connector.stop());
afterEach(() => {
  expect(pushes.pollGapsMs().filter((gapMs) => gapMs < shortestGapMs)).toEqual([]);
  Object.assign(connector.showpad.switches, defaultSwitches, { processingMs: 5 });
});

let count = 0;
/** A file that nobody has yet. */
function file(prefix = 'file'): { url: string; name: string; content: Buffer } {
  const name = `${prefix}-${(count += 1)}.pdf`;
  const content = pdf(name);
  return { url: connector.serve(name, content), name, content };
}
const copiesOf = ({ content }: { content: Buffer }) =>
  pushes.person('jo@example.com').myFiles.assets.filter((asset) => asset.md5 === md5(content));
const pushOf = ({ url, name }: { url: string; name: string }) =>
  pushes.push({ recipients, file: { url, name } });

test.each<[string, Partial<Switches>]>([
  ['names its asset as an object', { ticketAsset: 'object' }],
  ['names its asset as a link', { ticketAsset: 'link' }],
  ['has null until there is an asset', { ticketAsset: 'null-then-object' }],
  ['names its asset at once', { ticketAsset: 'object-at-once' }],
  ['is completed for a while before it names its asset', { completedReadsWithoutAsset: 2 }],
  ['is completed and never names its asset, but had said its id', { completedReadsWithoutAsset: 99 }],
  ['has a status that nobody knows', { unknownStatus: 'pondering', processingMs: 400 }],
  ['is seen late', { ticketLagMs: 500 }],
  ['is answered with 202', { uploadStatus: 202 }],
])('a file whose ticket %s is done with the id of its asset', async (_what, switches) => {
  Object.assign(connector.showpad.switches, switches);
  const sent = file();
  const job = await pushOf(sent);
  expect(job).toMatchObject({ state: 'done', error: null });
  expect(copiesOf(sent)).toMatchObject([{ id: job.recipients[0]?.assetId, name: sent.name }]);
});

test('a file whose ticket is completed and never says which asset it became is nobody’s guess', async () => {
  Object.assign(connector.showpad.switches, {
    completedReadsWithoutAsset: 99,
    provisionalAssetId: 'left-out',
  });
  const sent = file();
  const { recipients: told } = await pushOf(sent);
  expect(told).toMatchObject([{ state: 'failed', error: { code: 'OUTCOME_UNKNOWN' } }]);
  expect(copiesOf(sent)).toHaveLength(1);
});

describe('a file that Showpad cannot process', () => {
  test.each(['object', 'object-at-once'] as const)(
    'fails for its recipient when tickets name their asset: %s',
    async (ticketAsset) => {
      Object.assign(connector.showpad.switches, { ticketAsset });
      const sent = file('corrupt');
      const job = await pushOf(sent);
      expect(job).toMatchObject({ state: 'failed', error: { code: 'RECIPIENTS_FAILED' } });
      expect(job.recipients).toMatchObject([{ state: 'failed', error: { code: 'PROCESSING_FAILED' } }]);
      expect(copiesOf(sent)).toEqual([]);
    },
  );

  test('is sent once more on request, and not before', async () => {
    const sent = file('corrupt');
    const before = pushes.uploads().length;
    const job = await pushOf(sent);
    expect(pushes.uploads()).toHaveLength(before + 1);
    expect((await pushes.retry(job.id)).recipients).toMatchObject([{ error: { code: 'PROCESSING_FAILED' } }]);
    expect(pushes.uploads()).toHaveLength(before + 2);
  });

  test.each([
    [true, 'is used as it is', 'done', 1],
    [false, 'fails where Showpad does not allow that', 'failed', 0],
  ] as const)(
    'with a source that forces its use, and canBeForceUsed %s, %s',
    async (canBeForceUsed, _what, state, copies) => {
      Object.assign(connector.showpad.switches, { canBeForceUsed });
      const sent = file('corrupt');
      const event = {
        type: 'myfiles.upload',
        subject: 'for-you',
        data: { recipients, file: { url: sent.url, name: sent.name } },
      };
      const job = await finishAt('force', event);
      expect(job).toMatchObject({ state, recipients: [{ state }] });
      expect(copiesOf(sent)).toHaveLength(copies);
    },
  );
});

test('a file that is processed for too long fails at the deadline, and is waited for again on request', async () => {
  const sent = file();
  connector.showpad.switches.processingStuck = true;
  const job = await pushOf(sent);
  expect(job.recipients).toMatchObject([{ state: 'failed', error: { code: 'PROCESSING_DEADLINE' } }]);
  const before = pushes.uploads().length;
  connector.showpad.switches.processingStuck = false;
  expect(await pushes.retry(job.id)).toMatchObject({ state: 'done' });
  expect(pushes.uploads()).toHaveLength(before);
  expect(copiesOf(sent)).toHaveLength(1);
});

test('the same content again is done without its ticket, which Showpad may have forgotten', async () => {
  const sent = file();
  expect(await pushOf(sent)).toMatchObject({ state: 'done' });
  connector.showpad.switches.ticketRetentionMs = 0;
  const before = pushes.uploads().length;
  expect(await pushOf(sent)).toMatchObject({ state: 'done', recipients: [{ state: 'done' }] });
  expect(pushes.uploads()).toHaveLength(before);
});

test('a ticket that two pushes wait for is asked at the pace of one', async () => {
  connector.showpad.switches.processingMs = 700;
  const sent = file();
  const jobs = await Promise.all([pushOf(sent), pushOf(sent)]);
  expect(jobs.map(({ state }) => state)).toEqual(['done', 'done']);
  expect(copiesOf(sent)).toHaveLength(1);
});

test('messages that come twice neither send a file twice nor ask a ticket in a hurry', async () => {
  connector.showpad.switches.processingMs = 700;
  const { stack } = connector;
  const sent = file();
  const { url, name } = sent;
  const { body } = await connector.send({
    type: 'myfiles.upload',
    subject: 'twice',
    data: { recipients, file: { url, name } },
  });
  const id = body.jobs[0]?.id ?? '';
  const twice = { Records: [0, 1].map((index) => recordOf({ jobId: id, attempt: 0, push: 0 }, index)) };
  while (connector.showpad.tickets.every(({ asset }) => asset.name !== name)) {
    await Promise.all([
      stack.invoke('upload-personal-file', twice),
      stack.invoke('upload-personal-file', twice),
    ]);
  }
  await Promise.all([stack.invoke('poll-processing', twice), stack.invoke('poll-processing', twice)]);
  await stack.redeliver();
  await stack.settled();
  expect(await connector.job(id)).toMatchObject({ state: 'done' });
  expect(copiesOf(sent)).toHaveLength(1);
});

function recordOf(message: object, index: number): object {
  const attributes = { ApproximateReceiveCount: '1' };
  return { messageId: `message-${index}`, body: JSON.stringify(message), attributes };
}

async function finishAt(source: string, event: Readonly<Record<string, unknown>>): Promise<unknown> {
  const body = JSON.stringify(cloudEvent(event));
  const answer = await connector.post(`/events/${source}`, body, signed(secrets[0] ?? '', body));
  await connector.stack.settled();
  const { jobs } = answer.body as { jobs: { id: string }[] };
  return connector.job(jobs[0]?.id ?? '');
}
