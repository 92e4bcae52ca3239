import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pdf, startConnector, type Connector } from '../connector.ts';
import { drop, jobsBySubject, takeAway } from '../inbox-drops.ts';
import { hardshipsOf } from './hardships.ts';

/** What becomes of one call to AWS of an invocation: it is not made, or it is and its answer is lost. */
type Fate = 'refused' | 'unanswered';
interface Watch {
  readonly failing: number;
  readonly fate: Fate;
  calls: number;
}
type Send = (this: unknown, ...call: unknown[]) => Promise<unknown>;

const watched = new AsyncLocalStorage<Watch>();
const clients = Object.getPrototypeOf(DynamoDBClient.prototype) as { send: Send };
const { send } = clients;
const died = (): Error => Object.assign(new Error('The call failed.'), { name: 'TimeoutError' });

let connector: Connector;
beforeAll(async () => {
  clients.send = async function (...call) {
    const watch = watched.getStore();
    const isHit = watch !== undefined && watch.calls++ >= watch.failing;
    // Whoever dies makes no call afterwards.
    if (isHit && (watch.fate === 'refused' || watch.calls - 1 > watch.failing)) throw died();
    const answer = await send.apply(this, call);
    if (isHit) throw died();
    return answer;
  };
  connector = await startConnector();
  await connector.stack.pause('receive-file');
});
afterAll(async () => {
  clients.send = send;
  await connector.stop();
});

let notifications = 0;
/** A notification of S3, to be delivered as often as it has to. */
function notificationOf(key: string, eventName = 'ObjectCreated:Put') {
  notifications += 1;
  const object = { key, sequencer: notifications.toString(16).padStart(18, '0') };
  const s3 = { bucket: { name: connector.stack.buckets['inbox'] }, object };
  const body = JSON.stringify({ Records: [{ eventName, eventTime: new Date().toISOString(), s3 }] });
  const attributes = { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) };
  const record = { messageId: '1', receiptHandle: '1', body, attributes, messageAttributes: {} };
  const Records = [
    { ...record, eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:x:0:no', awsRegion: 'x' },
  ];
  /** Answers whether it was handled. */
  return async (): Promise<boolean> => {
    const result = await connector.stack.invoke('receive-file', { Records });
    const payload = result.ok ? (result.payload as { batchItemFailures: unknown[] }) : null;
    return payload?.batchItemFailures.length === 0;
  };
}

/** Delivers a notification that dies at one of its calls, and once more; answers whether there was such a call. */
async function dieAndComeAgain(deliver: () => Promise<boolean>, failing: number, fate: Fate) {
  const watch: Watch = { failing, fate, calls: 0 };
  const isHandled = await watched.run(watch, deliver);
  const wasReached = watch.calls > failing;
  if (!wasReached) expect(isHandled).toBe(true);
  expect(await deliver()).toBe(true);
  return wasReached;
}

interface Story {
  readonly fates: readonly Fate[];
  readonly before?: (key: string) => Promise<void>;
  readonly happens: (key: string) => Promise<() => Promise<boolean>>;
  readonly jobs: readonly string[];
  readonly asset: object | null;
}
const made = async (key: string): Promise<void> => {
  await drop(connector, key, pdf(key));
  expect(await notificationOf(key)()).toBe(true);
};
const stories: Readonly<Record<string, Story>> = {
  'a file with metadata': {
    fates: ['refused', 'unanswered'],
    happens: async (key) => {
      await drop(connector, `${key}.json`, { description: 'beside' });
      await drop(connector, key, pdf(key));
      return notificationOf(key);
    },
    jobs: ['asset.upsert done'],
    asset: { description: 'beside', isArchived: false },
  },
  'a file that goes': {
    fates: ['unanswered'],
    before: made,
    happens: async (key) => {
      await takeAway(connector, key);
      return notificationOf(key, 'ObjectRemoved:Delete');
    },
    jobs: ['asset.upsert done', 'asset.archive done'],
    asset: { isArchived: true },
  },
  'metadata that changes': {
    fates: ['refused'],
    before: made,
    happens: async (key) => {
      await drop(connector, `${key}.json`, { description: 'changed' });
      return notificationOf(`${key}.json`);
    },
    jobs: ['asset.upsert done', 'asset.metadata done'],
    asset: { description: 'changed' },
  },
  'metadata that cannot be read': {
    fates: ['unanswered'],
    happens: async (key) => {
      await drop(connector, `${key}.json`, 'broken');
      await drop(connector, key, pdf(key));
      return notificationOf(key);
    },
    jobs: ['unreadable failed'],
    asset: null,
  },
};

test.each(Object.entries(stories))(
  'the notification of %s that dies at any call to AWS is healed when it comes again, and is one job',
  async (name, { fates, before, happens, jobs, asset }) => {
    const { stack } = connector;
    const settled = async (): Promise<void> => {
      // What S3 itself has said is not what this is about.
      await hardshipsOf(connector).lose('inbox');
      await stack.settled(55_000);
    };
    const keysOf = (fate: Fate) =>
      Array.from({ length: 14 }, (_, nth) => `inbox/demo/${name}/${fate}/${nth}.pdf`);
    for (const key of fates.flatMap(keysOf)) await before?.(key);
    await settled();
    const told: string[] = [];
    for (const fate of fates) {
      for (const [nth, key] of keysOf(fate).entries()) {
        told.push(key);
        if (!(await dieAndComeAgain(await happens(key), nth, fate))) break;
      }
    }
    expect(told.length).toBeGreaterThan(4 * fates.length);
    await settled();
    const found = await jobsBySubject(connector, 'demo');
    for (const key of told) {
      const states = found.get(key)?.map(({ type, state }) => `${type} ${state}`);
      expect([key, states]).toEqual([key, jobs]);
      const [shown, ...others] = connector.assetsOf(key);
      expect(others).toEqual([]);
      if (asset === null) expect(shown).toBeUndefined();
      else {
        expect(shown).toMatchObject(asset);
        expect(shown?.files).toHaveLength(1);
      }
    }
  },
);

test('a notification that died half-way, and finds the bucket changed when it comes again, goes by what is there', async () => {
  const told: string[] = [];
  for (let nth = 0, wasReached = true; wasReached; nth += 1) {
    const key = `inbox/demo/changed/${nth}.pdf`;
    await drop(connector, `${key}.json`, { description: 'gone' });
    await drop(connector, key, pdf(key));
    const deliver = notificationOf(key);
    const watch: Watch = { failing: nth, fate: 'refused', calls: 0 };
    await watched.run(watch, deliver);
    wasReached = watch.calls > nth;
    await takeAway(connector, `${key}.json`);
    expect(await deliver()).toBe(true);
    told.push(key);
  }
  await hardshipsOf(connector).lose('inbox');
  await connector.stack.settled(55_000);
  const jobs = await jobsBySubject(connector, 'demo');
  for (const key of told) {
    expect([key, jobs.get(key)?.some(({ state }) => state === 'done')]).toEqual([key, true]);
    expect(connector.assetsOf(key)).toMatchObject([{ isArchived: false, files: [expect.anything()] }]);
  }
});
