import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { cloudEvent, pdf, startConnector, type Connector, type JobView } from '../connector.ts';
import { assetKey, hardshipsOf, hoursAgo, jobKey, type Hardships } from './hardships.ts';

let connector: Connector;
let hardships: Hardships;
beforeAll(async () => {
  connector = await startConnector({ parameters: { TicketPollSeconds: '1' } });
  hardships = hardshipsOf(connector);
});
afterAll(() => connector.stop());
afterEach(() => {
  vi.useRealTimers();
});

const upsertOf = (subject: string) => {
  const url = connector.serve(`${subject}.pdf`, pdf(subject));
  return cloudEvent({ type: 'asset.upsert', subject, data: { file: { url, name: 'Lost.pdf' } } });
};
const waiting = async (queue: string) => (await connector.stack.queueCounts())[queue]?.visible ?? 0;
const stagedKeys = async () => {
  const { s3 } = connector.stack.clients;
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: connector.stack.buckets['staging'] }),
  );
  return Contents.map(({ Key = '' }) => Key);
};
const uploadsOf = (subject: string) =>
  connector.assetsOf(subject).flatMap(({ files }) => files.flatMap(({ uploads }) => uploads));

/** Sends an event whose message is lost before anybody has seen it. */
async function lose(event: Readonly<Record<string, unknown>>): Promise<string> {
  await connector.stack.pause('stage-binary');
  const { body } = await connector.send(event);
  await hardships.lose('stage');
  return body.jobs[0]?.id ?? '';
}
async function settledJob(id: string): Promise<JobView> {
  await connector.stack.resume('stage-binary');
  await connector.stack.settled();
  return connector.job(id);
}

test('a job whose message was lost gets it again, once nothing can be on its way any more', async () => {
  const id = await lose(upsertOf('lost'));
  await hardships.age(id, 1.5);
  await hardships.sweep();
  expect(await waiting('stage')).toBe(0);
  await hardships.age(id, 0.5);
  await Promise.all([hardships.sweep(), hardships.sweep()]);
  expect(await waiting('stage')).toBe(1);
  // The message may wait in a backlog: the next one is due only after twice the time.
  await hardships.age(id, 2);
  await hardships.sweep();
  expect(await waiting('stage')).toBe(1);
  await hardships.age(id, 2);
  await hardships.sweep();
  expect(await waiting('stage')).toBe(2);
  expect(await settledJob(id)).toMatchObject({ state: 'done', error: null });
  expect(uploadsOf('lost')).toHaveLength(1);
});

test('a file whose processing nobody looks at any more is looked at again, and not sent again', async () => {
  const { stack } = connector;
  await stack.pause('poll-processing');
  const { body } = await connector.send(upsertOf('unwatched'));
  const id = body.jobs[0]?.id ?? '';
  const onItsWay = async () => {
    const { visible = 0, delayed = 0 } = (await stack.queueCounts())['poll'] ?? {};
    return visible + delayed > 0;
  };
  await hardships.until(onItsWay);
  await hardships.lose('poll');
  // It had been looked at five times.
  await hardships.set(jobKey(id), { attempts: 5 });
  await hardships.age(id, 2);
  await hardships.sweep();
  await stack.resume('poll-processing');
  expect(await settledJob(id)).toMatchObject({ state: 'done' });
  expect(uploadsOf('unwatched')).toHaveLength(1);
});

test('a job that comes no further in ten days fails and says so, and goes on when its message comes', async () => {
  const id = await lose(upsertOf('stuck'));
  await hardships.set(jobKey(id), { sweeps: { count: 7, at: new Date().toISOString() } });
  await hardships.age(id, 223);
  await hardships.sweep();
  expect(await waiting('stage')).toBe(0);
  await hardships.age(id, 3);
  await hardships.sweep();
  expect(await connector.job(id)).toMatchObject({ state: 'failed', error: { code: 'NO_PROGRESS' } });
  expect(await connector.post(`/jobs/${id}/retry`, '', {})).toMatchObject({ status: 202 });
  expect(await settledJob(id)).toMatchObject({ state: 'done' });
});

test('an event that was never wholly accepted fails after a day, and comes in with its next delivery', async () => {
  const event = upsertOf('half');
  const id = await lose(event);
  const { clients, tableName } = connector.stack;
  const Key = { pk: { S: assetKey('half').pk }, sk: { S: 'STATE' } };
  await clients.dynamodb.send(new DeleteItemCommand({ TableName: tableName, Key }));
  await hardships.age(id, 23);
  await hardships.sweep();
  expect(await connector.job(id)).toMatchObject({ state: 'received', error: null });
  await hardships.age(id, 2);
  await hardships.sweep();
  expect(await connector.job(id)).toMatchObject({
    state: 'failed',
    error: { code: 'NOT_ACCEPTED', message: expect.stringContaining('send the event again') },
  });
  expect(await connector.post(`/jobs/${id}/retry`, '', {})).toMatchObject({ status: 409 });
  expect(await connector.send(event)).toMatchObject({
    status: 200,
    body: { jobs: [{ id, state: 'received' }] },
  });
  expect(await settledJob(id)).toMatchObject({ state: 'done', error: null });
});

test('a job that cannot even be looked at holds up no other, and makes the sweep fail', async () => {
  const [bad, good] = [await lose(upsertOf('unreadable')), await lose(upsertOf('readable'))];
  const mend = await hardships.spoil('unreadable');
  for (const id of [bad, good]) await hardships.age(id, 3);
  expect(await hardships.invokeSweep()).toMatchObject({ ok: false });
  expect(await settledJob(good)).toMatchObject({ state: 'done' });
  await mend();
  await hardships.sweep();
  expect(await settledJob(bad)).toMatchObject({ state: 'done' });
});

test('a lease that says it outlasts its holder is ended when it has done so', async () => {
  await connector.stack.pause('upload-asset');
  const { body } = await connector.send(upsertOf('leased'));
  const id = body.jobs[0]?.id ?? '';
  await hardships.until(async () => (await waiting('upload')) === 1);
  const leasedUntil = Date.now() + 100 * 3_600_000;
  await hardships.set(assetKey('leased'), { leasedUntil, leaseHolder: 'gone', fence: 7 });
  await hardships.set(jobKey(id), { createdAt: hoursAgo(3) });
  await hardships.sweep();
  expect(await hardships.read(assetKey('leased'))).toMatchObject({ leaseHolder: 'gone' });
  const sweep = { pk: 'SWEEP', sk: 'STATE' };
  const suspects = { [`${assetKey('leased').pk} STATE`]: { holder: 'gone', since: hoursAgo(0.3) } };
  await hardships.set(sweep, { progress: { suspects } });
  await hardships.sweep();
  await connector.stack.resume('upload-asset');
  expect(await settledJob(id)).toMatchObject({ state: 'done' });
});

test('a recipient whose ticket nobody looks at any more is looked after, and gets no second copy', async () => {
  const { stack, showpad } = connector;
  await stack.pause('poll-processing');
  const [{ email } = { email: '' }] = showpad.users;
  const url = connector.serve('ticket.pdf', pdf('ticket'));
  const data = { recipients: [email], file: { url, name: 'Ticket.pdf' } };
  const { body } = await connector.send({ type: 'myfiles.upload', subject: 'ticket', data });
  const id = body.jobs[0]?.id ?? '';
  await hardships.until(
    async () => ((await stack.queueCounts())['poll']?.delayed ?? 0) + (await waiting('poll')) > 0,
  );
  await hardships.lose('poll');
  const recipient = { pk: `JOB#${id}`, sk: 'RECIPIENT#0000' };
  await hardships.age(id, 3);
  await hardships.sweep();
  await stack.resume('poll-processing');
  await stack.settled();
  expect(await connector.job(id)).toMatchObject({ state: 'processing' });
  await hardships.set(recipient, { updatedAt: hoursAgo(3) });
  await hardships.sweep();
  await stack.settled();
  expect(await connector.job(id)).toMatchObject({ state: 'done' });
  expect(showpad.users.find((user) => user.email === email)?.myFiles.assets).toHaveLength(1);
});

test('a push whose file has expired, and whose message to fetch it again was lost, gets that message', async () => {
  const { stack, showpad, served } = connector;
  await stack.pause('upload-personal-file');
  const email = showpad.users[1]?.email ?? '';
  const data = {
    recipients: [email],
    file: { url: connector.serve('expired.pdf', pdf('expired')), name: 'E.pdf' },
  };
  const { body } = await connector.send({ type: 'myfiles.upload', subject: 'expired', data });
  const id = body.jobs[0]?.id ?? '';
  await hardships.until(async () => (await waiting('personalUpload')) === 1);
  await hardships.lose('personalUpload');
  const Key = (await stagedKeys()).find((key) => key.includes(id));
  await stack.clients.s3.send(new DeleteObjectCommand({ Bucket: stack.buckets['staging'], Key }));
  await stack.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: stack.tableName,
      Key: { pk: { S: `JOB#${id}` }, sk: { S: 'PUSH' } },
      UpdateExpression: 'REMOVE staged',
    }),
  );
  await hardships.age(id, 3);
  await hardships.set({ pk: `JOB#${id}`, sk: 'RECIPIENT#0000' }, { updatedAt: hoursAgo(3) });
  await hardships.sweep();
  await stack.resume('upload-personal-file');
  await stack.settled();
  expect(await connector.job(id)).toMatchObject({ state: 'done' });
  expect(served.filter(({ path }) => path === '/expired.pdf')).toHaveLength(2);
  expect(showpad.users[1]?.myFiles.assets).toHaveLength(1);
});

test('staged files that nobody will ask for are deleted once their stager is gone; a retry finds its own', async () => {
  const { showpad, stack } = connector;
  showpad.faults.add({
    match: { method: 'GET', path: '/v4/assets/{asset}/files/{file}' },
    action: { kind: 'status', status: 200, body: { id: 'x', status: 'failed', error: 'A bad day.' } },
  });
  const failed = await connector.finish(upsertOf('kept'));
  expect(failed).toMatchObject({ state: 'failed' });
  const [kept] = await stagedKeys();
  const orphans = [`staged/${failed.id}/orphan`, 'staged/job_unknown/orphan'];
  for (const Key of [...orphans, 'staged/foreign']) {
    await stack.clients.s3.send(
      new PutObjectCommand({ Bucket: stack.buckets['staging'], Key, Body: 'left' }),
    );
  }
  await hardships.sweep();
  expect(await stagedKeys()).toHaveLength(4);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
  await hardships.sweep();
  vi.useRealTimers();
  expect((await stagedKeys()).toSorted()).toEqual([kept, 'staged/foreign'].toSorted());
  const fetched = connector.served.length;
  await connector.post(`/jobs/${failed.id}/retry`, '', {});
  expect(await settledJob(failed.id)).toMatchObject({ state: 'done' });
  expect(connector.served).toHaveLength(fetched);
});
