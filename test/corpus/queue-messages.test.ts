import { readFileSync } from 'node:fs';
import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../functions/update-metadata.ts';
import { jobId } from '../../lib/jobs.ts';
import { aws, endJob, event, post, sent, storedJob } from '../unit/ingest.ts';
import { deliver } from '../unit/invoke.ts';
import { messageCases } from './queue-cases.ts';

type MessageName = (typeof messageCases)[number]['name'];

const unknown = (index: number): string => JSON.stringify({ jobId: `job_unknown-${index}`, attempt: 0 });
const poison = '{"jobId":7}';
const returned = (failed: readonly number[], bodies: readonly string[]): string =>
  `returned: ${failed.length} of ${bodies.length}`;
const hand = async (...bodies: string[]): Promise<string> => returned(await deliver(handler, bodies), bodies);
const shownAgain = () => aws.mocks.sqs.commandCalls(ChangeMessageVisibilityCommand);

beforeEach(() => {
  aws.mocks.sqs.on(ChangeMessageVisibilityCommand).resolves({});
});

const plays: Record<MessageName, () => Promise<string>> = {
  'q-foreign': async () => {
    const foreign = [
      { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'inbox' },
      { Type: 'Notification', Message: '{"jobId":"x"}' },
      { jobId: unknown(0), attempt: 0, more: 1 },
    ].map((body) => JSON.stringify(body));
    const bodies = [...foreign.slice(0, 2), unknown(1), ...foreign.slice(2)];
    const failed = await deliver(handler, bodies);
    return `${returned(failed, bodies)}; the other is ${failed.includes(2) ? 'returned' : 'done'}`;
  },
  'q-not-json': () => hand('not JSON'),
  'q-schema-v9': () => hand(JSON.stringify({ version: 9, job: { id: 'x' } })),
  'q-poison-in-10': async () => {
    const bodies = Array.from({ length: 10 }, (_none, index) => (index === 4 ? poison : unknown(index)));
    const failed = await deliver(handler, bodies);
    return `${returned(failed, bodies)}; the others are ${failed.join() === '4' ? 'done' : 'not'}`;
  },
  'q-all-poison': async () => {
    aws.mocks.sqs.resetHistory();
    const bodies = Array.from({ length: 10 }, () => poison);
    const outcome = returned(await deliver(handler, bodies, 'metadata'), bodies);
    const template = readFileSync(new URL('../../template.yaml', import.meta.url), 'utf8');
    const receives = new Set([...template.matchAll(/maxReceiveCount: (\d+)/g)].map(([, count]) => count));
    const delays = shownAgain().map(({ args }) => args[0].input.VisibilityTimeout ?? 0);
    const isLong = delays.length === bodies.length && delays.every((delay) => delay >= 450 && delay <= 900);
    const again = isLong ? 'after 450 to 900 s' : `after ${delays.join()} s`;
    return `${outcome}; each is shown again ${again}; ${[...receives].join()} receives at most`;
  },
  'q-stale-14d': async () => {
    await post({ ...event, type: 'asset.archive', data: {} });
    await endJob();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 13 * 86_400_000 });
    try {
      const outcome = await hand(JSON.stringify({ jobId: jobId(aws.source, 'event-1'), attempt: 0 }));
      const job = await storedJob();
      return `${outcome}; the job is ${job === null ? 'forgotten' : 'still known'}, and ${job?.state}`;
    } finally {
      vi.useRealTimers();
    }
  },
  'q-receive-99': () => hand(unknown(0)),
  'q-1MiB': () => hand(JSON.stringify({ jobId: 'x'.repeat(1_048_576), attempt: 0 })),
  'q-forged-producer': async () => {
    await post(event);
    const before = aws.databaseCalls;
    aws.mocks.sqs.resetHistory();
    const outcome = await hand(JSON.stringify({ jobId: jobId('another-tenant', 'event-1'), attempt: 0 }));
    const wrote = aws.databaseCalls - before > 1 || sent().length > 0;
    return `${outcome}; ${wrote ? 'something' : 'nothing'} is written`;
  },
};

describe('hostile messages', () => {
  test.each(messageCases)('$name: $result', async ({ name, result }) => {
    expect(await plays[name]()).toBe(result);
  });
});
