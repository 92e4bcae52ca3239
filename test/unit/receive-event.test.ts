import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { jobId } from '../../lib/jobs.ts';
import {
  aws,
  awsError,
  endJob,
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
  type Delivery,
} from './ingest.ts';

describe('an event', () => {
  it('is accepted with its job, and a message that says where to look', async () => {
    const answer = await post(event);
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer)).toEqual([
      { id: jobId(aws.source, 'event-1'), type: 'asset.upsert', subject: 'a', state: 'received' },
    ]);
    expect(sent()).toHaveLength(1);
    expect(sent()[0]?.QueueUrl).toMatch(/stage$/);
    await expectAccepted();
  });

  it('that comes again gets the same job with 200', async () => {
    const first = await post(event);
    const second = await post(event);
    expect([first.statusCode, second.statusCode]).toEqual([202, 200]);
    expect(receipts(second)).toEqual(receipts(first));
    await expectAccepted();
  });

  it('that comes again after its job has gone on is told how far it is, and starts nothing', async () => {
    await post(event);
    await endJob();
    aws.mocks.sqs.resetHistory();
    const again = await post(event);
    expect(again.statusCode).toBe(200);
    expect(receipts(again)[0]?.state).toBe('done');
    expect(sent()).toEqual([]);
  });

  it('without a time keeps the place of its first delivery, so that it never overtakes itself', async () => {
    aws.mocks.sqs
      .on(SendMessageCommand)
      .rejectsOnce(awsError('ServiceUnavailable'))
      .resolves({ MessageId: '1' });
    expectOurFault(await post(timeless));
    expect((await post(timeless)).statusCode).toBe(200);
    await expectAccepted();
  });

  it('without a time is accepted once, however many deliveries come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(timeless)));
    expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 202)).toHaveLength(1);
    expect(answers.map(({ statusCode }) => statusCode).filter((status) => status === 200)).toHaveLength(4);
    await expectAccepted();
  });

  it('whose sender writes a new time into each delivery is not lost either', async () => {
    aws.mocks.sqs
      .on(SendMessageCommand)
      .rejectsOnce(awsError('ServiceUnavailable'))
      .resolves({ MessageId: '1' });
    expectOurFault(await post(event));
    await post({ ...event, time: '2026-01-01T00:00:30Z' });
    await expectAccepted();
  });

  it('that comes several times at once with different times is not lost either', async () => {
    const times = Array.from({ length: 5 }, (_none, index) => `2026-01-01T00:00:0${index}Z`);
    await Promise.all(times.map((time) => post({ ...event, time })));
    await expectAccepted();
  });

  it('of a type nobody knows is accepted as ignored, and nothing is done for it', async () => {
    const answer = await post({ ...event, type: 'asset.exploded' });
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer)).toMatchObject([{ type: 'asset.exploded', state: 'ignored' }]);
    expect(await storedAsset()).toBeNull();
    expect(sent()).toEqual([]);
    expect((await post({ ...event, type: 'asset.exploded' })).statusCode).toBe(200);
  });

  it.each(['tag.upsert', 'tag.delete'])('of type %s goes to the queue for metadata', async (type) => {
    const answer = await post({ ...event, type, data: { name: 'red' } });
    expect(receipts(answer)).toMatchObject([{ type, state: 'received' }]);
    expect((await storedAsset())?.desired.tag?.value).toEqual({
      name: 'red',
      isWanted: type === 'tag.upsert',
    });
    expect(sent()[0]?.QueueUrl).toMatch(/metadata$/);
  });

  it('about anything but content goes to the queue for metadata', async () => {
    await post({ ...event, type: 'asset.archive', data: {} });
    expect(sent()[0]?.QueueUrl).toMatch(/metadata$/);
  });

  it('that uses the id of another subject again is refused, and the other stays as it is', async () => {
    await post(event);
    const answer = await post({ ...event, subject: 'b' });
    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(await storedAsset('b')).toBeNull();
    await expectAccepted();
  });

  it('with a subject of the greatest length in bytes is accepted', async () => {
    const subject = '文'.repeat(1024);
    const answer = await post({ ...event, subject });
    expect(answer.statusCode).toBe(202);
    expect((await storedAsset(subject))?.desired.content?.value).toEqual({ file: event.data.file });
  });
});

const tooLarge = {
  ...event,
  type: 'asset.metadata',
  id: 'event-large',
  time: '2026-01-02T00:00:00Z',
  data: { metadata: { tags: Array.from({ length: 500 }, (_none, index) => `${index}`.padEnd(255, 'x')) } },
};

const queues = () => sent().map(({ QueueUrl = '' }) => QueueUrl.split('/').at(-1));

describe('an event that asks for more than can be kept', () => {
  it('is accepted as a job that has failed, and nothing is done for it', async () => {
    const answer = await post(tooLarge);
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer)).toMatchObject([{ state: 'failed' }]);
    const job = await storedJob('event-large');
    expect(job).toMatchObject({ state: 'failed', error: { code: 'STATE_TOO_LARGE', retryable: false } });
    expect(await storedAsset()).toBeNull();
    // Only that it has ended.
    expect(queues()).toEqual(['outcome']);

    const again = await post(tooLarge);
    expect(again.statusCode).toBe(200);
    expect(receipts(again)).toEqual(receipts(answer));
  });

  it('leaves what others asked for as it was, and hinders neither them nor its batch', async () => {
    await post(event);
    const before = await storedAsset();
    const rename = { ...tooLarge, id: 'event-small', data: { metadata: { name: 'New' } } };
    const answer = await post([tooLarge, rename]);
    expect(receipts(answer).map(({ state }) => state)).toEqual(['failed', 'received']);
    const after = await storedAsset();
    expect(after?.desired.content).toEqual(before?.desired.content);
    expect(Object.keys(after?.desired.fields ?? {})).toEqual(['name']);
    expect(queues()).toEqual(['stage', 'outcome', 'metadata']);
  });
});

const batchOf = (count: number) =>
  Array.from({ length: count }, (_none, index) => ({
    ...event,
    id: `event-${index}`,
    subject: `subject-${index % 7}`,
    time: `2026-01-01T00:00:${String(index % 60).padStart(2, '0')}Z`,
  }));

describe('a batch', () => {
  it('is answered with its jobs in its own order', async () => {
    const answer = await post(batchOf(20));
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer).map(({ id }) => id)).toEqual(batchOf(20).map(({ id }) => jobId(aws.source, id)));
    expect(sent()).toHaveLength(20);
  });

  it('is new when one of its events is', async () => {
    await post(batchOf(2));
    expect((await post(batchOf(3))).statusCode).toBe(202);
    expect((await post(batchOf(3))).statusCode).toBe(200);
  });

  it('may hold one event twice', async () => {
    const answer = await post([event, event]);
    expect(answer.statusCode).toBe(202);
    expect(new Set(receipts(answer).map(({ id }) => id)).size).toBe(1);
    await expectAccepted();
  });

  it('may hold one event twice with different times, and it is not lost for that', async () => {
    const answer = await post([event, { ...event, time: '2026-01-01T00:00:30Z' }]);
    expect(new Set(receipts(answer).map(({ id }) => id)).size).toBe(1);
    await expectAccepted();
  });

  it('with one bad event is refused with every fault, and nothing of it is stored', async () => {
    const bad = { ...event, id: 'event-2', data: { file: { name: '' }, metadata: { countries: ['UK'] } } };
    const answer = await post([event, bad, 7]);
    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        status: 400,
        errors: [
          { field: '[1].data.file.url', message: 'is missing' },
          { field: '[1].data.file.name' },
          { field: '[1].data.metadata.countries[0]' },
          { field: '[2]' },
        ],
      },
    });
    await expectNothingStored();
  });

  it('that uses one id for two subjects is refused, and nothing of it is stored', async () => {
    const answer = await post([event, { ...event, subject: 'b' }]);
    expect(answer.statusCode).toBe(400);
    await expectNothingStored();
    expect(await storedAsset('b')).toBeNull();
  });
});

describe('a delivery that is not taken', () => {
  it.each<[string, number, unknown, Delivery]>([
    ['without a signature', 401, event, { headers: { 'webhook-signature': '' } }],
    ['signed with another key', 401, event, { key: newSecret }],
    ['that says base64 of what is text', 401, event, { body: JSON.stringify(event), isBase64Encoded: true }],
    [
      'altered after it was signed',
      401,
      event,
      { body: JSON.stringify({ ...event, id: 'x' }), isBase64Encoded: false },
    ],
    ['with an old timestamp', 401, event, { headers: { 'webhook-timestamp': '1614265330' } }],
    ['for an unknown source', 404, event, { to: 'unheard-of' }],
    ['for a source called __proto__', 404, event, { to: '__proto__' }],
    ['for no source', 404, event, { to: '' }],
    ['in binary mode', 415, event.data, { headers: { 'content-type': 'application/json', 'ce-id': '1' } }],
    ['that is compressed', 415, event, { headers: { 'content-encoding': 'gzip' } }],
    ['that is no JSON', 400, '{', {}],
    ['that is empty', 400, '', {}],
    ['with an empty batch', 400, [], {}],
    ['with a batch of 101', 400, Array.from({ length: 101 }, () => event), {}],
    ['of one byte too much', 413, 'x'.repeat(256 * 1024 + 1), {}],
  ])('%s is answered with %i', async (_what, status, content, delivery) => {
    const answer = await post(content, delivery);
    expect(answer).toMatchObject({
      statusCode: status,
      headers: { 'content-type': 'application/problem+json' },
      body: { status },
    });
    await expectNothingStored();
  });

  it('says nothing of the secret', async () => {
    const answer = await post(event, { key: newSecret });
    expect(JSON.stringify(answer)).not.toContain(secret.slice(6, 20));
  });

  it('is the only one: a body of just the greatest length is taken', async () => {
    const padding = ' '.repeat(256 * 1024 - JSON.stringify(event).length);
    expect((await post(`${JSON.stringify(event)}${padding}`)).statusCode).toBe(202);
  });
});
