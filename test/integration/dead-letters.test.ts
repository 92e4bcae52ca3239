import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { md5, pdf, type Connector, type JobView } from '../connector.ts';
import { hardshipsOf, startFragileConnector, type Hardships } from './hardships.ts';

interface FaultView extends JobView {
  readonly lastFault: { readonly function: string; readonly attempts: number } | null;
}

let connector: Connector;
let stop: () => Promise<void>;
let hardships: Hardships;
beforeAll(async () => {
  ({ connector, stop } = await startFragileConnector());
  hardships = hardshipsOf(connector);
});
afterAll(() => stop());
beforeEach(async () => {
  for (const name of ['stage', 'upload', 'metadata', 'poll', 'personalUpload']) {
    await hardships.lose(`${name}DeadLetter`);
  }
});

const jobOf = async (id: string) => (await connector.job(id)) as FaultView;
const letters = async () => (await connector.stack.deadLetters()).map(({ queue }) => queue);
const uploadsOf = (subject: string) =>
  connector.assetsOf(subject).flatMap(({ files }) => files.flatMap(({ uploads }) => uploads));

/** A job whose message nobody could handle, and how to put right what stood in the way. */
async function dead(subject: string): Promise<{ id: string; mend: () => Promise<void> }> {
  const { stack } = connector;
  await stack.pause('stage-binary');
  const url = connector.serve(`${subject}.pdf`, pdf(subject));
  const data = { file: { url, name: 'Dead.pdf' } };
  const { body } = await connector.send({ type: 'asset.upsert', subject, data });
  const mend = await hardships.spoil(subject);
  await stack.resume('stage-binary');
  await hardships.exhaust();
  return { id: body.jobs[0]?.id ?? '', mend };
}

test('a job whose message nobody could handle says so at once, with the last error and what to do', async () => {
  const { id } = await dead('told');
  const job = await jobOf(id);
  expect(job).toMatchObject({
    state: 'failed',
    error: { code: 'DEAD_LETTER', retryable: true },
    lastFault: { function: 'stage-binary', name: 'TypeError', attempts: 2, at: expect.any(String) },
  });
  expect(job.error?.message).toMatch(
    /^stage-binary could not do its part for this job in 2 attempts\. The last error was TypeError: Cannot .+retry the job/,
  );
  await hardships.sweep();
  expect(await letters()).toEqual(['StageDeadLetterQueue']);
});

test('a job whose function died without a word is found by the sweeper', async () => {
  const { id } = await dead('silent');
  // As if the last invocation had been cut off before it could note anything.
  const { pk, sk } = { pk: `JOB#${id}`, sk: 'JOB' };
  await hardships.set({ pk, sk }, { state: 'staging', error: null, deadLetter: null, lastFault: null });
  await hardships.sweep();
  const job = await jobOf(id);
  expect(job).toMatchObject({ state: 'failed', error: { code: 'DEAD_LETTER' } });
  expect(job.error?.message).toContain('in 2 attempts. It left no error');
  const { updatedAt } = (await hardships.read({ pk, sk })) ?? {};
  await hardships.sweep();
  expect((await hardships.read({ pk, sk }))?.['updatedAt']).toBe(updatedAt);
});

test('a redrive brings the job back, and nothing is done twice', async () => {
  const { id, mend } = await dead('redriven');
  await hardships.sweep();
  await mend();
  await hardships.redrive('stage');
  await hardships.exhaust();
  expect(await jobOf(id)).toMatchObject({ state: 'done', error: null });
  expect(uploadsOf('redriven')).toMatchObject([{ md5: md5(pdf('redriven')) }]);
  await hardships.sweep();
  expect(await letters()).toEqual([]);
});

test('a redrive before the cause is put right fails the job again', async () => {
  const { id } = await dead('too-early');
  await hardships.redrive('stage');
  await hardships.exhaust();
  expect(await jobOf(id)).toMatchObject({ state: 'failed', error: { code: 'DEAD_LETTER' } });
  await hardships.sweep();
  expect(await letters()).toEqual(['StageDeadLetterQueue']);
});

test('after a retry the letter means nothing any more and goes away', async () => {
  const { id, mend } = await dead('retried');
  await mend();
  expect(await connector.post(`/jobs/${id}/retry`, '', {})).toMatchObject({ status: 202 });
  await hardships.sweep();
  await hardships.exhaust();
  expect(await jobOf(id)).toMatchObject({ state: 'done', error: null });
  expect(await letters()).toEqual([]);
});

test('letters that name no job of ours are left', async () => {
  const { sqs } = connector.stack.clients;
  const QueueUrl = connector.stack.queues['uploadDeadLetter'];
  for (const MessageBody of ['not ours', JSON.stringify({ jobId: 'job_unknown', attempt: 0 })]) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  }
  await hardships.sweep();
  expect(await letters()).toEqual(['UploadDeadLetterQueue', 'UploadDeadLetterQueue']);
});

test("a recipient's dead letter fails that recipient, and its redrive brings the file there once", async () => {
  const { stack, showpad } = connector;
  await stack.pause('upload-personal-file');
  const url = connector.serve('push.png', 'picture');
  const [jo, max] = showpad.users.map(({ email }) => email);
  const data = { recipients: [jo, max], file: { url, name: 'Push.png' } };
  const { body } = await connector.send({ type: 'myfiles.upload', subject: 'push', data });
  const id = body.jobs[0]?.id ?? '';
  const push = { pk: `JOB#${id}`, sk: 'PUSH' };
  await hardships.until(async () => (await stack.queueCounts())['personalUpload']?.visible === 2);
  const { staged } = (await hardships.read(push)) ?? {};
  await hardships.set(push, { staged: { size: 7, md5: 7, objectKey: null } });
  await stack.resume('upload-personal-file');
  await hardships.exhaust();
  const failed = { state: 'failed', error: { code: 'DEAD_LETTER' } };
  expect(await jobOf(id)).toMatchObject({
    state: 'failed',
    error: { code: 'RECIPIENTS_FAILED' },
    recipients: [failed, failed],
  });
  await hardships.sweep();
  expect(await letters()).toHaveLength(2);

  await hardships.set(push, { staged });
  await hardships.redrive('personalUpload');
  await hardships.exhaust();
  expect(await jobOf(id)).toMatchObject({
    state: 'done',
    recipients: [{ state: 'done' }, { state: 'done' }],
  });
  const copies = showpad.users.map(({ myFiles }) => myFiles.assets.length);
  expect(copies.filter((count) => count > 0)).toEqual([1, 1]);
});
