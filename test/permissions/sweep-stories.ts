import { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, vi } from 'vitest';
import { consumers, queueNames, type QueueName } from '../../lib/queues.ts';
import type { Connector } from '../connector.ts';
import { jobKey } from '../integration/hardships.ts';
import { png, upsert } from './asset-stories.ts';
import type { RecordedConnector } from './recorded-connector.ts';

const steps = ['stage', 'upload', 'metadata', 'poll'] as const;
/** The job that waits in each queue. */
type Stuck = Readonly<Record<(typeof steps)[number] | 'personalUpload', string>>;

/** Messages that no function understands become dead letters. */
export async function tellOfDeadLetters({ connector, hardships }: RecordedConnector): Promise<void> {
  const { stack } = connector;
  const send = (queue: string, body: string) =>
    stack.clients.sqs.send(new SendMessageCommand({ QueueUrl: stack.queues[queue], MessageBody: body }));
  const all = [...queueNames, 'outcome', 'manifest', 'events', 'inbox'];
  for (const queue of all) await send(queue, 'not ours');
  await hardships.exhaust();
  expect(await stack.deadLetters()).toHaveLength(all.length);
  const { id } = await connector.finish({ type: 'asset.restore', subject: 'plain', data: {} });
  // Letters about a job that has ended by itself.
  for (const queue of queueNames) await send(`${queue}DeadLetter`, JSON.stringify({ jobId: id, attempt: 0 }));
}

/** Jobs at every step that lose their messages and their files, are tried again, meet old messages, and are swept. */
export async function tellOfLostMessages(rig: RecordedConnector): Promise<void> {
  const { connector, hardships } = rig;
  const { stack, post } = connector;
  const stuck = await stickEverywhere(rig);
  for (const id of Object.values(stuck))
    expect(await post(`/jobs/${id}/retry`, '', {})).toMatchObject({ status: 202 });
  for (const queue of queueNames) await hardships.lose(queue);
  // Whoever gets a message that comes late sends the job to where it is by now.
  for (const from of steps) {
    for (const step of steps) if (step !== from) await deliver(connector, from, stuck[step]);
  }
  // An end is announced that is not there yet.
  await deliver(connector, 'outcome', stuck.stage);
  for (const queue of queueNames) await hardships.lose(queue);

  for (const id of Object.values(stuck)) await hardships.age(id, 3);
  const letter = JSON.stringify({ jobId: stuck.stage, attempt: 0 });
  const QueueUrl = stack.queues['stageDeadLetter'];
  await hardships.sweep();
  await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: letter }));
  await rig.abandonUpload();
  const orphan = { Bucket: stack.buckets['staging'], Key: 'staged/job_unknown/orphan', Body: 'left' };
  await stack.clients.s3.send(new PutObjectCommand(orphan));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
  await hardships.sweep();
  vi.useRealTimers();
  expect(await connector.job(stuck.stage)).toMatchObject({ state: 'failed', error: { code: 'DEAD_LETTER' } });

  await expireStaged(connector);
  await Promise.all(queueNames.map((queue) => stack.resume(consumers[queue])));
  await post(`/jobs/${stuck.stage}/retry`, '', {});
  await stack.settled(55_000);
  for (const id of Object.values(stuck)) expect(await connector.job(id)).toMatchObject({ state: 'done' });
  // A push that has ended for everybody, when its function died before it could say so.
  await hardships.set(jobKey(stuck.personalUpload), { state: 'uploading' });
  await post(`/jobs/${stuck.personalUpload}/retry`, '', {});
  await stack.settled();
  expect(await connector.job(stuck.personalUpload)).toMatchObject({ state: 'done' });
}

/** A job that waits in each queue, for functions that are paused. */
async function stickEverywhere({ connector, hardships }: RecordedConnector): Promise<Stuck> {
  const { stack, send, serve, showpad } = connector;
  const pause = (...queues: QueueName[]) => Promise.all(queues.map((queue) => stack.pause(consumers[queue])));
  const arrive = (...queues: QueueName[]) =>
    hardships.until(async () => {
      const counts = await stack.queueCounts();
      return queues.every((queue) => {
        const { visible = 0, delayed = 0 } = counts[queue] ?? {};
        return visible + delayed > 0;
      });
    });
  const jobOf = async (event: Readonly<Record<string, unknown>>) =>
    (await send(event)).body.jobs[0]?.id ?? '';

  await pause('poll');
  const poll = await jobOf(upsert(connector, 'stuck-at-poll'));
  await arrive('poll');
  await pause('upload', 'metadata', 'personalUpload');
  const upload = await jobOf(upsert(connector, 'stuck-at-upload'));
  const metadata = await jobOf({ type: 'asset.archive', subject: 'plain', data: {} });
  const url = serve('stuck.png', Buffer.concat([png, Buffer.from('stuck')]));
  const data = { recipients: [showpad.users[1]?.email], file: { url, name: 'stuck.png' } };
  const personalUpload = await jobOf({ type: 'myfiles.upload', subject: 'push', data });
  await arrive('upload', 'metadata', 'personalUpload');
  await pause('stage');
  const stage = await jobOf(upsert(connector, 'stuck-at-stage'));
  return { stage, upload, metadata, poll, personalUpload };
}

/** Takes every file out of the staging bucket, as its lifecycle does. */
async function expireStaged({ stack }: Connector): Promise<void> {
  const Bucket = stack.buckets['staging'];
  const { s3 } = stack.clients;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const Objects = Contents.map(({ Key }) => ({ Key }));
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
}

/** Gives a function a message about a job that is at another step by now. */
async function deliver({ stack }: Connector, step: QueueName | 'outcome', jobId: string): Promise<void> {
  const record = {
    messageId: `late-${jobId}`,
    body: JSON.stringify({ jobId, attempt: 0 }),
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
  };
  expect(
    await stack.invoke(step === 'outcome' ? 'publish-outcome' : consumers[step], { Records: [record] }),
  ).toMatchObject({
    payload: { batchItemFailures: [] },
  });
}
