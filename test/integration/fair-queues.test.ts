import type { ServerResponse } from 'node:http';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloudEvent, pdf, signed, startConnector, type Connector, type JobView } from '../connector.ts';

const eventCount = 20;
const copiesOfEach = 14;
const backlog = eventCount * (1 + copiesOfEach);
const stagersAtOnce = 10;
const secret = `whsec_${Buffer.from('the secret of both sources').toString('base64')}`;
/** Downloads of the backlog, which the file server does not answer before it is told to. */
const held: ServerResponse[] = [];

/** Which function has seen messages of which group. */
const groups = new Set<string>();

let connector: Connector;
beforeAll(async () => {
  const source = { adapter: 'cloudevents', secrets: [secret] };
  connector = await startConnector({
    sources: { bulk: source, live: source },
    aroundInvocation: (functionName, event, run) => {
      const { Records = [] } = event as Partial<SQSEvent>;
      for (const { attributes } of Records) groups.add(`${functionName} ${attributes.MessageGroupId}`);
      return run();
    },
  });
});
afterAll(() => connector.stop());

async function send(source: string, events: readonly Record<string, unknown>[]): Promise<readonly JobView[]> {
  const body = JSON.stringify(events.map(cloudEvent));
  const headers = signed(secret, body, { contentType: 'application/cloudevents-batch+json' });
  const { status, body: answer } = await connector.post(`/events/${source}`, body, headers);
  expect(status).toBe(202);
  return (answer as { jobs: JobView[] }).jobs;
}

function upsert(subject: string, url: string): Record<string, unknown> {
  const division = connector.showpad.divisions[0]?.id;
  const data = { file: { url, name: `${subject}.pdf` }, metadata: { division } };
  return { type: 'asset.upsert', subject, data };
}

/** Many more messages of the same source, as redeliveries and repairs make them. */
async function doubleMessages(jobs: readonly JobView[]): Promise<void> {
  const { clients, queues } = connector.stack;
  for (const { id: jobId } of jobs) {
    for (let left = copiesOfEach; left > 0; left -= 10) {
      const Entries = Array.from({ length: Math.min(left, 10) }, (_, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify({ jobId, attempt: 0 }),
        MessageGroupId: 'bulk',
      }));
      await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: queues['stage'], Entries }));
    }
  }
}

const downloads = (name: string): number =>
  connector.served.filter(({ path }) => path.startsWith(name)).length;

test('a live event of one source is not held up by the backlog of another', async () => {
  const { stack } = connector;
  await stack.pause('stage-binary');
  const bulk = connector.serve('bulk.pdf', (_request, response) => held.push(response));
  const jobs = await send(
    'bulk',
    Array.from({ length: eventCount }, (_, index) => upsert(`bulk-${index}`, `${bulk}?${index}`)),
  );
  await doubleMessages(jobs);
  await stack.resume('stage-binary');
  // The backlog takes every turn there is.
  while (downloads('/bulk') < stagersAtOnce) await stack.queueCounts();
  expect((await stack.queueCounts())['stage']).toMatchObject({ visible: backlog - stagersAtOnce });

  const live = connector.serve('live.pdf', pdf('live'));
  const [job] = await send('live', [upsert('live', live)]);
  const bytes = pdf('bulk');
  held.shift()?.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  // The next turn is the live event's, although it is the youngest of all.
  while ((await connector.job(job?.id ?? '')).state !== 'done') {
    expect(downloads('/bulk')).toBeLessThanOrEqual(stagersAtOnce + 1);
  }
  expect(connector.showpad.assets.filter(({ externalId }) => externalId === 'live:live')).toHaveLength(1);
  const steps = ['stage-binary', 'upload-asset', 'poll-processing'];
  expect([...groups]).toEqual(expect.arrayContaining(steps.map((step) => `${step} live`)));
  expect([...groups].filter((group) => group.endsWith('undefined'))).toEqual([]);
  const { visible = 0 } = (await stack.queueCounts())['stage'] ?? {};
  expect(visible).toBeGreaterThan(backlog - stagersAtOnce - 5);
});
