import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it, vi } from 'vitest';
import { handler as updateMetadata } from '../../functions/update-metadata.ts';
import { jobId } from '../../lib/jobs.ts';
import { nextStep } from '../../lib/next-step.ts';
import { recordLines } from '../recorded-lines.ts';
import {
  aws,
  awsError,
  event,
  expectAccepted,
  expectNothingStored,
  expectOurFault,
  newSecret,
  post,
  receipts,
  secret,
  sent,
  storedAsset,
  storedJob,
  timeless,
} from './ingest.ts';
import { deliver } from './invoke.ts';

describe('a source whose secret was just replaced', () => {
  it('is believed at once', async () => {
    await post({ ...event, id: 'event-0' });
    aws.sources = { [aws.source]: { secrets: [newSecret] } };
    expect((await post(event, { key: newSecret })).statusCode).toBe(202);
    expect((await post({ ...event, id: 'event-2' }, { key: secret })).statusCode).toBe(401);
  });

  it('costs no more than one look at the secret for many strangers', async () => {
    for (let count = 0; count < 10; count += 1) await post(event, { key: newSecret });
    expect(aws.mocks.secrets.commandCalls(GetSecretValueCommand).length).toBeLessThanOrEqual(2);
  });

  it('is never told that it is wrong because the secret could not be read', async () => {
    await post({ ...event, id: 'event-0' });
    aws.mocks.secrets.on(GetSecretValueCommand).rejects(awsError('InternalServiceError'));
    for (let count = 0; count < 3; count += 1) expectOurFault(await post(event, { key: newSecret }));
    aws.mocks.secrets.on(GetSecretValueCommand).callsFake(() => ({
      SecretString: JSON.stringify({ [aws.source]: { secrets: [newSecret] } }),
    }));
    expect((await post(event, { key: newSecret })).statusCode).toBe(202);
  });
});

describe('a failure of AWS', () => {
  const names = ['ProvisionedThroughputExceededException', 'InternalServerError', 'AccessDeniedException'];

  it.each(names)('of Secrets Manager (%s) is answered with 503', async (name) => {
    aws.mocks.secrets.on(GetSecretValueCommand).rejects(awsError(name));
    expectOurFault(await post(event));
    expectOurFault(await post(event, { to: 'unheard-of' }));
    expectOurFault(await post(event, { key: newSecret }));
    await expectNothingStored();
  });

  it('leaves a line that names the event, its job and the trace of its first delivery', async () => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
    aws.mocks.sqs.on(SendMessageCommand).rejects(awsError('ServiceUnavailable'));
    const recording = recordLines();
    const traces = ['4bf92f3577b34da6a3ce929d0e0e4736', '0af7651916cd43dd8448eb211c80319c'];
    for (const trace of traces) {
      expectOurFault(await post({ ...event, traceparent: `00-${trace}-00f067aa0ba902b7-01` }));
    }
    recording.stop();
    const notStored = {
      message: 'event not stored',
      jobId: jobId(aws.source, event.id),
      source: aws.source,
      subject: event.subject,
      traceId: traces[0],
      error: { name: 'ServiceUnavailable' },
    };
    const answered = { message: 'request failed' };
    expect(recording.lines).toMatchObject([notStored, answered, notStored, answered]);
  });

  it.each(['', 'hunter2', '[]', '{"demo":{"secrets":["hunter2"]}}'])(
    'such as a secret that says %j is answered with 503',
    async (SecretString) => {
      aws.mocks.secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString }));
      expectOurFault(await post(event));
      await expectNothingStored();
    },
  );

  it.each(names)('of DynamoDB (%s) is answered with 503', async (name) => {
    aws.mocks.database.reset();
    aws.mocks.database.onAnyCommand().rejects(awsError(name));
    expectOurFault(await post(event));
    expect(sent()).toEqual([]);
  });

  it.each(names)(
    'of SQS (%s) is answered with 503, and the next delivery sends the message',
    async (name) => {
      aws.mocks.sqs.on(SendMessageCommand).rejectsOnce(awsError(name)).resolves({ MessageId: 'message-1' });
      expectOurFault(await post(event));
      expect(await storedJob()).toMatchObject({ state: 'received' });

      const again = await post(event);
      expect(again.statusCode).toBe(200);
      expect(receipts(again)).toMatchObject([{ id: jobId(aws.source, 'event-1'), state: 'received' }]);
      expect(sent()).toHaveLength(2);
      await expectAccepted();
    },
  );

  it.each([
    ['with a time', event],
    ['without a time', timeless],
  ])(
    'at any call to DynamoDB is healed by the next delivery of an event %s',
    async (_what, { id: _id, ...content }) => {
      let nth = 0;
      let wasReached = true;
      for (const fate of ['refused', 'made, but its answer is lost'] as const) {
        for (nth = 0, wasReached = true; wasReached; nth += 1) {
          const eventId = `event-${fate}-${nth}`;
          const delivered = { ...content, id: eventId, subject: eventId };
          const failing = nth;
          aws.databaseCalls = 0;
          aws.mocks.sqs.resetHistory();
          aws.fateOf = (one) => (one === failing ? fate : 'made');
          const first = await post(delivered);
          wasReached = aws.databaseCalls > failing;
          if (wasReached) expectOurFault(first);
          aws.fateOf = () => 'made';

          const second = await post(delivered);
          expect([200, 202]).toContain(second.statusCode);
          expect(receipts(second)).toMatchObject([{ id: jobId(aws.source, eventId), state: 'received' }]);
          const [job, asset] = [await storedJob(eventId), await storedAsset(eventId)];
          if (job === null || asset === null) throw new Error('The event was not stored.');
          expect(nextStep(job, asset).kind).toBe('stage');
          expect(sent().length).toBeGreaterThan(0);
        }
        expect(nth).toBeGreaterThan(4);
      }
    },
  );

  it('between the job and the desired state leaves a job that nobody works on until the next delivery', async () => {
    await post({ ...event, id: 'event-0' });
    const rename = {
      ...event,
      type: 'asset.metadata',
      time: '2026-01-02T00:00:00Z',
      data: { metadata: { name: 'New' } },
    };
    aws.databaseCalls = 0;
    aws.fateOf = (nth) => (nth < 2 ? 'made' : 'refused');
    expectOurFault(await post(rename));
    aws.fateOf = () => 'made';
    aws.mocks.sqs.resetHistory();
    const job = await storedJob();
    expect(job).toMatchObject({ state: 'received' });

    const stray = JSON.stringify({ jobId: job?.id, attempt: 0 });
    expect(await deliver(updateMetadata, [stray])).toEqual([]);
    expect(await storedJob()).toEqual(job);
    expect(sent()).toEqual([]);

    expect((await post({ ...rename, time: '2026-01-03T00:00:00Z' })).statusCode).toBe(200);
    expect((await storedAsset())?.desired.fields['name']).toEqual({ order: job?.order, value: 'New' });
    expect(sent()).toMatchObject([{ MessageBody: stray }]);
  });

  it('in the middle of a batch is answered with 503, and the next delivery completes it', async () => {
    const batch = ['a', 'b', 'c', 'd'].map((subject) => ({ ...event, id: subject, subject }));
    aws.fateOf = (nth) => (nth % 5 === 4 ? 'refused' : 'made');
    expectOurFault(await post(batch));
    aws.fateOf = () => 'made';
    expect((await post(batch)).statusCode).toBeLessThan(300);
    for (const { id } of batch) {
      const [job, asset] = [await storedJob(id), await storedAsset(id)];
      if (job === null || asset === null) throw new Error('An event was not stored.');
      expect(nextStep(job, asset).kind).toBe('stage');
      expect(sent().some(({ MessageBody }) => MessageBody?.includes(job.id))).toBe(true);
    }
  });
});
