import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler } from '../../functions/publish-outcome.ts';
import { endJob } from '../../lib/end-job.ts';
import { endWhenAllHave } from '../../lib/end-push.ts';
import { jobId, type Job } from '../../lib/jobs.ts';
import { jobError } from '../../lib/reasons.ts';
import { outcomeLooksSeconds } from '../../lib/retry-rules.ts';
import { getServices, resetServices } from '../../lib/services.ts';
import { laid } from './arbitrary-events.ts';
import { useEmbeddedTable } from './embedded-table.ts';
import { deliver, stubEnvironment } from './invoke.ts';

const table = useEmbeddedTable();
const mockAws = () => ({ sqs: mockClient(SQSClient), sns: mockClient(SNSClient) });
let sqs: ReturnType<typeof mockAws>['sqs'];
let sns: ReturnType<typeof mockAws>['sns'];
const error = jobError('FILE_EMPTY', 'It is empty.');

let tests = 0;
let job: Job;
beforeAll(() => {
  ({ sqs, sns } = mockAws());
});
beforeEach(async () => {
  stubEnvironment({ ...table().environment, TABLE_NAME: table().tableName });
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
  sns.reset();
  sns.on(PublishCommand).resolves({});
  tests += 1;
  const created = await getServices().jobs.create({
    id: jobId('outcomes', String(tests)),
    eventId: String(tests),
    source: 'outcomes',
    subject: 's',
    key: 'outcomes:s',
    type: 'asset.upsert',
    state: 'received',
    order: laid('a', 1, 'asset.archive', {}).order,
    wishes: ['content'],
    defaults: {},
    error: null,
    showpad: {},
  });
  if (created === null) throw new Error('The job exists.');
  job = created;
});
afterEach(async () => {
  await resetServices();
  vi.unstubAllEnvs();
});
afterAll(() => {
  sqs.restore();
  sns.restore();
});

const sent = () =>
  sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => ({
    message: JSON.parse(input.MessageBody ?? '') as object,
    delaySeconds: input.DelaySeconds,
  }));
const published = () =>
  sns.commandCalls(PublishCommand).map(({ args: [{ input }] }) => JSON.parse(input.Message ?? '') as object);
const tell = (message: object) => deliver(handler, [JSON.stringify(message)], 'outcome');
const read = async () => (await getServices().jobs.get(job.id)) ?? job;

describe('a job', () => {
  it('is not ended while its end cannot be announced', async () => {
    sqs.on(SendMessageCommand).rejects(new Error('SQS is away.'));
    await expect(endJob(getServices(), job, { state: 'done' })).rejects.toThrow('SQS is away.');
    expect(await read()).toEqual(job);
  });

  it('is announced before it ends, by the time in which it ends', async () => {
    sqs.on(SendMessageCommand).callsFake(async () => {
      expect((await read()).state).toBe('received');
    });
    expect(await endJob(getServices(), job, { state: 'failed', error })).toBe(true);
    await getServices().jobs.advance(job.id, 'received');
    const again = await read();
    expect(await endJob(getServices(), again, { state: 'done' })).toBe(true);
    expect(sent().map(({ message }) => message)).toEqual([
      { jobId: job.id, attempt: 0 },
      { jobId: job.id, attempt: 0, reopening: again.reopening },
    ]);
  });
});

describe('a push', () => {
  it('that was brought back while its last recipient was served is ended all the same', async () => {
    const { jobs, personalUploads } = getServices();
    const push = {
      jobId: job.id,
      recipients: ['jo@example.com'],
      file: { url: 'https://dam.example/a.pdf', name: 'a.pdf' },
      name: 'a.pdf',
      folder: '/',
      onConflict: 'fail',
      onProcessingFailed: 'fail',
    } as const;
    await personalUploads.open(job.id, 0);
    await jobs.end(job, 'failed', { error });
    await jobs.advance(job.id, 'received', { error: null });
    await personalUploads.advance(job.id, 0, { state: 'done' });
    await endWhenAllHave(getServices(), { job, push });
    expect(await read()).toMatchObject({ state: 'done', error: null });
    expect(sent().at(-1)?.message).toMatchObject({ reopening: (await read()).reopening });
  });
});

describe('a message about an end', () => {
  it('that is there is published once, and not sent again', async () => {
    await getServices().jobs.end(job, 'done', { showpad: { assetId: '7' } });
    expect(await tell({ jobId: job.id, attempt: 3 })).toEqual([]);
    expect(published()).toMatchObject([{ id: `${job.id}-done`, data: { showpad: { assetId: '7' } } }]);
    expect(sent()).toEqual([]);
  });

  it('that is not there yet is put off, later and later, and then dropped', async () => {
    for (let attempt = 0; attempt <= outcomeLooksSeconds.length; attempt += 1) {
      expect(await tell({ jobId: job.id, attempt })).toEqual([]);
    }
    expect(sent()).toEqual(
      outcomeLooksSeconds.map((delaySeconds, attempt) => ({
        message: { jobId: job.id, attempt: attempt + 1 },
        delaySeconds,
      })),
    );
    expect(published()).toEqual([]);
  });

  it('of a time before the job was brought back is about that time, whatever has become of it since', async () => {
    const { jobs } = getServices();
    await jobs.end(job, 'failed', { error });
    await jobs.advance(job.id, 'received', { error: null });
    const second = await read();
    await jobs.end(second, 'superseded');
    await tell({ jobId: job.id, attempt: 0 });
    await tell({ jobId: job.id, attempt: 0, reopening: second.reopening });
    expect(published()).toMatchObject([
      { id: `${job.id}-failed`, data: { error } },
      { id: `${job.id}-superseded`, data: { error: null } },
    ]);
    expect(sent()).toEqual([]);
  });

  it('of a job that is unknown, or was ignored, is dropped', async () => {
    expect(await tell({ jobId: 'job_unheard-of', attempt: 0 })).toEqual([]);
    expect(published()).toEqual([]);
    expect(sent()).toEqual([]);
  });

  it.each(['Throttled', 'InternalError', 'AuthorizationError', 'KMSAccessDenied'])(
    'goes back to the queue alone when SNS says %s',
    async (name) => {
      await getServices().jobs.end(job, 'done');
      sns
        .on(PublishCommand)
        .rejectsOnce(Object.assign(new Error('SNS'), { name }))
        .resolves({});
      const message = JSON.stringify({ jobId: job.id, attempt: 0 });
      const failed = await deliver(handler, [message, message], 'outcome');
      expect(failed).toHaveLength(1);
      expect((await read()).lastFault).toBeUndefined();
    },
  );

  it.each(['no JSON', '{"jobId":7,"attempt":0}', '{"jobId":"job_1","attempt":0,"push":1}'])(
    'that is none of ours (%s) goes back to the queue',
    async (body) => {
      expect(await deliver(handler, [body], 'outcome')).toEqual([0]);
    },
  );
});
