import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloudEvent, signed, startConnector, type Connector } from '../connector.ts';

const oldSecret = `whsec_${randomBytes(24).toString('base64')}`;
const newSecret = `whsec_${randomBytes(24).toString('base64')}`;
const batch = 'application/cloudevents-batch+json';
let connector: Connector;
beforeAll(async () => {
  connector = await startConnector({
    // The archives of these tests are for assets that never come.
    parameters: { SourceDeadlineSeconds: '0' },
    sources: {
      demo: { adapter: 'cloudevents', secrets: [newSecret, oldSecret] },
      other: { adapter: 'cloudevents', secrets: [`whsec_${randomBytes(24).toString('base64')}`] },
    },
  });
});
afterAll(() => connector.stop());

const archive = (event: Record<string, unknown> = {}) =>
  cloudEvent({ type: 'asset.archive', subject: 'ingest', data: {}, ...event });
const post = (body: string, headers: Record<string, string>, path = '/events/demo') =>
  connector.post(path, body, headers);
const problem = (status: number) => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { status, title: expect.any(String), detail: expect.any(String) },
});
const storedJobs = async () =>
  (await connector.get<{ items: unknown[] }>('/jobs?limit=200')).body.items.length;

describe('who is not believed', () => {
  const body = JSON.stringify(archive());
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

  test.each([
    ['unsigned', body, { 'content-type': 'application/cloudevents+json' }],
    ['signed with another secret', body, signed(`whsec_${randomBytes(24).toString('base64')}`, body)],
    ['signed six minutes ago', body, signed(newSecret, body, { at: minutesAgo(6) })],
    ['signed six minutes from now', body, signed(newSecret, body, { at: minutesAgo(-6) })],
    ['changed by one bit', body.replace('ingest', 'inges\u0075'.replace('u', 'v')), signed(newSecret, body)],
    ['signed for another id', body, { ...signed(newSecret, body), 'webhook-id': 'msg_other' }],
  ])('%s: 401, and nothing is stored', async (_what, sent, headers) => {
    const before = await storedJobs();
    expect(await post(sent, headers)).toMatchObject(problem(401));
    expect(await storedJobs()).toBe(before);
  });

  test("a delivery that is replayed to another source's route is not believed", async () => {
    expect(await post(body, signed(newSecret, body), '/events/other')).toMatchObject(problem(401));
  });

  test('a source that is not set up: 404', async () => {
    expect(await post(body, signed(newSecret, body), '/events/nobody')).toMatchObject(problem(404));
  });

  test('a secret that is being replaced is still believed', async () => {
    const event = JSON.stringify(archive());
    expect(await post(event, signed(oldSecret, event))).toMatchObject({ status: 202 });
  });
});

describe('what is not understood', () => {
  const sign = (body: string, contentType?: string) =>
    signed(newSecret, body, contentType ? { contentType } : {});
  const upsert = (data: unknown) => JSON.stringify(archive({ type: 'asset.upsert', data }));
  const file = { url: 'https://acme.example/a.pdf', name: 'a.pdf' };

  test.each([
    ['text/plain', 415],
    ['application/json', 415],
    ['application/cloudevents+xml', 415],
    ['application/cloudevents+json; charset=latin1', 415],
    ['application/cloudevents+json; charset=utf-8', 202],
  ])('a body of content type %s: %i', async (contentType, status) => {
    const body = JSON.stringify(archive());
    expect((await post(body, sign(body, contentType))).status).toBe(status);
  });

  test.each<[string, string, string[]]>([
    ['no JSON', '{"a":1,}', ['(body)']],
    ['no event', '[]', ['(body)']],
    ['neither id, subject nor type', '{"specversion":"1.0","source":"/s"}', ['id', 'type', 'subject']],
    ['a subject that is too long', JSON.stringify(archive({ subject: 'x'.repeat(1_025) })), ['subject']],
    ['an impossible time', JSON.stringify(archive({ time: '2026-02-30T00:00:00Z' })), ['time']],
    ['an unknown metadata field', upsert({ file, metadata: { colour: 'red' } }), ['data.metadata.colour']],
    ['wrong types', upsert({ file: { ...file, size: '12', md5: 'A' } }), ['data.file.size', 'data.file.md5']],
    ['both file and url', upsert({ file, url: 'https://acme.example' }), ['data']],
    ['neither file nor url', upsert({}), ['data']],
    ['no data', JSON.stringify(archive({ type: 'asset.upsert', data: undefined })), ['data']],
    ['a line break in a name', upsert({ file: { ...file, name: 'a\nb.pdf' } }), ['data.file.name']],
  ])('%s: 400 with every bad field named', async (_what, body, fields) => {
    const answer = await post(body, sign(body));
    expect(answer).toMatchObject(problem(400));
    const { errors } = answer.body as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).toSorted()).toEqual(fields.toSorted());
  });

  test('a body over 256 KiB: 413', async () => {
    const body = JSON.stringify(archive({ data: {}, padding: 'x'.repeat(256 * 1024) }));
    expect(await post(body, sign(body))).toMatchObject(problem(413));
  });

  test('an empty batch and one of over a hundred events: 400', async () => {
    for (const events of [[], Array.from({ length: 101 }, () => archive())]) {
      const body = JSON.stringify(events);
      expect(await post(body, sign(body, batch))).toMatchObject(problem(400));
    }
  });

  test('one bad event of a batch: nothing of the batch is stored, and the faults say where they are', async () => {
    const before = await storedJobs();
    const body = JSON.stringify([archive(), archive({ subject: undefined }), archive({ type: 7 })]);
    const answer = await post(body, sign(body, batch));
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field: '[1].subject' }, { field: '[2].type' }] },
    });
    expect(await storedJobs()).toBe(before);
  });

  test('an event type that is not known is accepted as ignored, and can be seen', async () => {
    const body = JSON.stringify(archive({ type: 'com.acme.page.viewed', subject: 'page' }));
    const answer = await post(body, sign(body));
    const job = { type: 'com.acme.page.viewed', subject: 'page', state: 'ignored' };
    expect(answer).toMatchObject({ status: 202, body: { jobs: [job] } });
    expect((await connector.get('/jobs?state=ignored')).body).toMatchObject({ items: [job] });
  });
});

describe('what is accepted', () => {
  test('a batch answers with a job for each event, in their order', async () => {
    const events = Array.from({ length: 100 }, (_, index) => archive({ subject: `batch-${index}` }));
    const body = JSON.stringify(events);
    const answer = await post(body, signed(newSecret, body, { contentType: batch }));
    expect(answer.status).toBe(202);
    const { jobs } = answer.body as { jobs: { subject: string; state: string }[] };
    expect(jobs.map(({ subject }) => subject)).toEqual(events.map(({ subject }) => subject));
    expect(new Set(jobs.map(({ state }) => state))).toEqual(new Set(['received']));
  });

  test('a redelivery answers 200 with the same job, however often and at once it comes', async () => {
    const body = JSON.stringify(archive({ subject: 'again' }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(body, signed(newSecret, body))));
    const ids = answers.map((answer) => (answer.body as { jobs: { id: string }[] }).jobs[0]?.id);
    expect(new Set(ids).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect((await post(body, signed(newSecret, body))).status).toBe(200);
  });
});
