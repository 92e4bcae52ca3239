import { SNSClient } from '@aws-sdk/client-sns';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Outcome } from '../../lib/outcome.ts';
import { pdf, type Connector, type JobView } from '../connector.ts';
import { outcomeTopicName, subscribe, type OutcomeSubscriber, type Received } from '../outcome-subscriber.ts';
import { hardshipsOf, startFragileConnector, type Hardships } from './hardships.ts';

const schemaFile = new URL('../../docs/events/job-outcome.schema.json', import.meta.url);
const isOutcome = new Ajv2020({ formats: { 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) } })
  // Examples and descriptions are for people.
  .compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);

let connector: Connector;
let hardships: Hardships;
let subscriber: OutcomeSubscriber;
let stop: () => Promise<void>;
beforeAll(async () => {
  ({ connector, stop } = await startFragileConnector());
  hardships = hardshipsOf(connector);
  subscriber = await subscribe(topic());
});
afterAll(async () => {
  subscriber.close();
  await stop();
});
beforeEach(() => subscriber.take());

const topic = () => ({ endpoint: connector.stack.aws.sns, name: outcomeTopicName });
const upsert = (subject: string, description: string, more: object = {}) => ({
  type: 'asset.upsert',
  subject,
  data: {
    file: { url: connector.serve(`${subject}.pdf`, pdf(subject)), name: 'Outcome.pdf' },
    metadata: { description },
  },
  ...more,
});
const gone = (subject: string) => {
  connector.serve(`${subject}.pdf`, (_request, response) => response.writeHead(410).end());
};

/** What was published since the last look; each message as the schema says. */
async function published(): Promise<Received[]> {
  const received = await subscriber.take();
  for (const { outcome } of received) {
    expect(isOutcome(outcome), JSON.stringify(isOutcome.errors)).toBe(true);
  }
  return received;
}
const idsOf = (received: readonly Received[]) => received.map(({ outcome }) => outcome.id).toSorted();

test('a job that is done is told once, as GET /jobs/{id} shows it', async () => {
  const job = await connector.finish(upsert('told', 'one'));
  const received = await published();
  expect(received).toHaveLength(1);
  const {
    lastFault: _lastFault,
    recipients: _recipients,
    ...shown
  } = job as unknown as Outcome['data'] & {
    lastFault: unknown;
  };
  expect(received[0]).toEqual({
    attributes: { source: 'demo', type: 'asset.upsert', state: 'done' },
    outcome: {
      specversion: '1.0',
      id: `${job.id}-done`,
      source: '/showpad-connector/dev',
      type: 'showpad-connector.job.done',
      subject: 'demo:told',
      time: shown.updatedAt,
      datacontenttype: 'application/json',
      data: { ...shown, recipients: null },
    },
  });
  expect(shown.showpad.assetId).not.toBeNull();
});

test('failed and superseded jobs are told with their reasons, and filters find them by attributes', async () => {
  const failures = await subscribe(topic(), { state: ['failed'], code: ['SOURCE_NOT_FOUND'] });
  const newer = await connector.finish(upsert('both', 'newer', { time: '2026-11-02T00:00:00Z' }));
  const older = await connector.finish({
    type: 'asset.metadata',
    subject: 'both',
    time: '2026-11-01T00:00:00Z',
    data: { metadata: { description: 'older' } },
  });
  expect(older.state).toBe('superseded');
  const event = upsert('gone', 'never');
  gone('gone');
  const failed = await connector.finish(event);
  const received = await published();
  expect(idsOf(received)).toEqual(
    [`${newer.id}-done`, `${older.id}-superseded`, `${failed.id}-failed`].toSorted(),
  );
  const [failure, ...others] = await failures.take();
  failures.close();
  expect(others).toEqual([]);
  expect(failure).toMatchObject({
    attributes: { source: 'demo', type: 'asset.upsert', state: 'failed', code: 'SOURCE_NOT_FOUND' },
    outcome: { type: 'showpad-connector.job.failed', data: { error: failed.error } },
  });
});

test('a push into My Files is told with what became of each recipient, and without an address', async () => {
  const recipients = ['jo@example.com', 'nobody@example.com'];
  const url = connector.serve('push.png', Buffer.from('\x89PNG\r\n\x1a\npush', 'latin1'));
  const data = { recipients, file: { url, name: 'push.png' } };
  const job = await connector.finish({ type: 'myfiles.upload', subject: 'push', data });
  const [told, ...others] = await published();
  expect(others).toEqual([]);
  expect(told?.outcome).toMatchObject({
    id: `${job.id}-failed`,
    data: {
      error: { code: 'RECIPIENTS_FAILED' },
      recipients: {
        total: 2,
        done: 1,
        failed: 1,
        list: [
          { index: 0, state: 'done', code: null },
          { index: 1, state: 'failed', code: 'RECIPIENT_UNKNOWN' },
        ],
      },
    },
  });
  expect(JSON.stringify(told)).not.toMatch(/@|%40|example\.com/);
});

test('an event that is ignored is no outcome: its sender knows at once', async () => {
  const job = await connector.finish({ type: 'something.else', subject: 'ignored', data: {} });
  expect(job.state).toBe('ignored');
  expect(await published()).toEqual([]);
});

test('a failure that was retried before it could be told is told all the same, and so is what came of it', async () => {
  const { stack } = connector;
  await stack.pause('publish-outcome');
  const event = upsert('again', 'at last');
  gone('again');
  const { body } = await connector.send(event);
  const id = body.jobs[0]?.id ?? '';
  await hardships.until(async () => (await connector.job(id)).state === 'failed');
  const failed = await connector.job(id);
  connector.serve('again.pdf', pdf('again'));
  await connector.post(`/jobs/${id}/retry`, '', {});
  await hardships.until(async () => (await connector.job(id)).state === 'done');
  await stack.resume('publish-outcome');
  await stack.settled();
  const received = await published();
  expect(idsOf(received)).toEqual([`${id}-done`, `${id}-failed`]);
  expect(received.find(({ outcome }) => outcome.id === `${id}-failed`)?.outcome).toMatchObject({
    data: { state: 'failed', error: failed.error },
  });
});

test('an outcome that SNS does not take is told later', async () => {
  const job = await whileSnsFails('Throttling', 1, () => finish(upsert('throttled', 'later')));
  expect(job.state).toBe('done');
  expect(await published()).toEqual([]);
  await hardships.exhaust();
  expect(idsOf(await published())).toEqual([`${job.id}-done`]);
  expect(await connector.stack.deadLetters()).toEqual([]);
});

test('an outcome that SNS never takes waits as a dead letter, harms nothing, and is told when it is redriven', async () => {
  const job = await whileSnsFails('InternalError', 2, async () => {
    const ended = await finish(upsert('refused', 'much later'));
    await hardships.exhaust();
    return ended;
  });
  await hardships.sweep();
  expect((await connector.stack.deadLetters()).map(({ queue }) => queue)).toEqual(['OutcomeDeadLetterQueue']);
  expect(await connector.job(job.id)).toMatchObject({ state: 'done', error: null, lastFault: null });
  expect(await published()).toEqual([]);
  await hardships.redrive('outcome');
  await connector.stack.settled();
  expect(idsOf(await published())).toEqual([`${job.id}-done`]);
});

/** Sends an event and waits until its job has ended, whatever is left in the queues. */
async function finish(event: Readonly<Record<string, unknown>>): Promise<JobView> {
  const { body } = await connector.send(event);
  const id = body.jobs[0]?.id ?? '';
  await hardships.until(async () => ['done', 'failed'].includes((await connector.job(id)).state));
  return connector.job(id);
}

/** Lets the next so many calls to SNS fail, and waits until they have. */
async function whileSnsFails<T>(name: string, times: number, task: () => Promise<T>): Promise<T> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let left = times;
  const refuse = async (): Promise<never> => {
    left -= 1;
    if (left <= 0) {
      spy.mockRestore();
      resolve();
    }
    return Promise.reject(Object.assign(new Error(`SNS says ${name}.`), { name }));
  };
  const spy = vi.spyOn(SNSClient.prototype, 'send').mockImplementation(refuse as () => void);
  const done = await task();
  await over;
  return done;
}
