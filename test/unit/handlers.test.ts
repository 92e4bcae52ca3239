import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpHandler, sqsHandler, type HttpRequest } from '../../lib/handlers.ts';
import { HttpProblem, jsonResponse } from '../../lib/problem.ts';
import { stepMessageSchema, type StepMessage } from '../../lib/queues.ts';
import { resetServices } from '../../lib/services.ts';
import { call, deliver, invoke, stubEnvironment } from './invoke.ts';

beforeEach(() => {
  stubEnvironment();
});
afterEach(async () => {
  await resetServices();
  vi.unstubAllEnvs();
});

const message = (jobId: string): string => JSON.stringify({ jobId, attempt: 0 });
const ten = Array.from({ length: 10 }, (_none, index) => message(`job-${index}`));

/** Throws what TypeScript would rather have wrapped in an error. */
function throwAnything(reason: unknown): Promise<void> {
  AbortSignal.abort(reason).throwIfAborted();
  return Promise.resolve();
}

/** A queue's function that fails for the jobs it is told to, and remembers those it has seen. */
function queueFunction(failing: (jobId: string) => boolean = () => false) {
  const seen: StepMessage[] = [];
  const handler = sqsHandler(stepMessageSchema, async (one) => {
    seen.push(one);
    await Promise.resolve();
    if (failing(one.jobId)) throw new Error('This one is poison.');
  });
  return { seen, handler };
}

describe('the handler of a queue', () => {
  it('keeps nothing when all goes well', async () => {
    const { handler, seen } = queueFunction();
    expect(await deliver(handler, ten)).toEqual([]);
    expect(seen.map(({ jobId }) => jobId)).toEqual(ten.map((_body, index) => `job-${index}`));
  });

  it('gives back exactly the one message of ten that failed', async () => {
    const { handler, seen } = queueFunction((jobId) => jobId === 'job-3');
    expect(await deliver(handler, ten)).toEqual([3]);
    expect(seen).toHaveLength(10);
  });

  it('gives back ten of ten without failing itself', async () => {
    const { handler } = queueFunction(() => true);
    expect(await deliver(handler, ten)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([
    ['no JSON', 'poison'],
    ['nothing', ''],
    ['null', 'null'],
    ['a notification of S3', '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}'],
    ['an envelope of SNS', JSON.stringify({ Type: 'Notification', Message: message('job-1') })],
    ['a message of a later version', JSON.stringify({ jobId: 'job-1', attempt: 0, version: 9 })],
    ['a message without a job', JSON.stringify({ attempt: 0 })],
    ['a message with an empty job', JSON.stringify({ jobId: '', attempt: 0 })],
    ['a message that counts backwards', JSON.stringify({ jobId: 'job-1', attempt: -1 })],
    ['something nested deeply', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ])('gives back %s, and does not hold up the others for it', async (_what, body) => {
    const { handler, seen } = queueFunction();
    expect(await deliver(handler, [message('a'), body, message('b')])).toEqual([1]);
    expect(seen.map(({ jobId }) => jobId)).toEqual(['a', 'b']);
  });

  it('gives back what fails with something that is no error', async () => {
    const handler = sqsHandler(stepMessageSchema, () => throwAnything('poison'));
    expect(await deliver(handler, [message('a')])).toEqual([0]);
  });

  it('tells how long the invocation has left, and aborts before that', async () => {
    const told: { remainingMs: number; isAborted: boolean }[] = [];
    const handler = sqsHandler(stepMessageSchema, async (_message, { remainingMs, signal }) => {
      await Promise.resolve();
      told.push({ remainingMs: remainingMs(), isAborted: signal.aborted });
    });
    await deliver(handler, [message('a')]);
    expect(told[0]?.isAborted).toBe(false);
    expect(told[0]?.remainingMs).toBeGreaterThan(10_000);
    expect(told[0]?.remainingMs).toBeLessThanOrEqual(20_000);
  });

  it('fails as a whole when the environment is not usable, so that every message comes again', async () => {
    vi.stubEnv('TABLE_NAME', '');
    const { handler, seen } = queueFunction();
    await expect(deliver(handler, ten)).rejects.toThrow(/TABLE_NAME/);
    expect(seen).toEqual([]);
  });
});

const answering = (story: (request: HttpRequest) => unknown, onFault?: HttpProblem) =>
  httpHandler(
    async (request) => jsonResponse(200, await Promise.resolve(story(request))),
    ...(onFault === undefined ? [] : [onFault]),
  );

const failing = (error: unknown, onFault?: HttpProblem) =>
  answering(() => {
    void throwAnything(error);
  }, onFault);

describe('the handler of a route', () => {
  it('answers with JSON', async () => {
    expect(await call(answering(() => ({ items: [] })))).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body: { items: [] },
    });
  });

  it('hands over headers, path and query, and the bytes as they were sent', async () => {
    const seen: HttpRequest[] = [];
    const handler = answering((request) => seen.push(request));
    const bytes = Buffer.from([0, 0xff, 0xd8, 0x00]);
    await call(handler, { body: bytes.toString('base64'), isBase64Encoded: true, headers: { a: 'b' } });
    await call(handler, { body: 'é', path: { source: 'demo' }, query: { limit: '1' } });
    await call(handler);
    expect(seen.map(({ body }) => body.toString('hex'))).toEqual(['00ffd800', 'c3a9', '']);
    expect(seen[0]?.headers['a']).toBe('b');
    expect(seen[1]).toMatchObject({ path: { source: 'demo' }, query: { limit: '1' } });
  });

  it('finds an empty path and query where there is none', async () => {
    const seen: HttpRequest[] = [];
    const handler = answering((request) => seen.push(request));
    const requestContext = { http: { method: 'GET' } };
    const raw = { rawPath: '/', rawQueryString: '' };
    await invoke(handler, { version: '2.0', headers: {}, isBase64Encoded: false, ...raw, requestContext });
    expect(seen).toEqual([
      { method: 'GET', target: '/', headers: {}, path: {}, query: {}, body: Buffer.alloc(0) },
    ]);
  });

  it('answers with a problem that the story throws', async () => {
    const faults = [{ field: 'data.file', message: 'is missing' }];
    expect(await call(failing(new HttpProblem(400, 'Nothing was stored.', faults)))).toEqual({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'Nothing was stored.',
        errors: faults,
      },
    });
  });

  it.each([
    ['an error', new TypeError('hunter2 is not a function')],
    [
      'an error with a status of its own',
      Object.assign(new Error('hunter2'), { status: 404, statusCode: 404 }),
    ],
    ['something that is no error', 'hunter2'],
    ['null', null],
  ])('answers 500 when the story throws %s, and tells nothing of it', async (_what, error) => {
    const answer = await call(failing(error));
    expect(answer).toMatchObject({
      statusCode: 500,
      headers: { 'content-type': 'application/problem+json' },
      body: { type: 'about:blank', title: 'Internal Server Error', status: 500 },
    });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('answers with the problem of its own choice when it is at fault, and says when to try again', async () => {
    const answer = await call(failing(new Error('hunter2'), new HttpProblem(503, 'Send it again.')));
    expect(answer).toMatchObject({
      statusCode: 503,
      headers: { 'content-type': 'application/problem+json' },
      body: { title: 'Service Unavailable', status: 503, detail: 'Send it again.' },
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('never answers 4xx, and tells no value, when the environment is not usable', async () => {
    vi.stubEnv('SHOWPAD_V4_URL', 'hunter2');
    const outcome = await call(answering(() => ({}))).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome.message).not.toContain('hunter2');
    else expect(outcome).toMatchObject({ statusCode: 500 });
  });

  it('builds its services once for all invocations, and again after a failure', async () => {
    const handler = answering(() => ({}));
    vi.stubEnv('TABLE_NAME', '');
    await call(handler).catch(() => undefined);
    vi.stubEnv('TABLE_NAME', 'table');
    expect(await call(handler)).toMatchObject({ statusCode: 200 });
    vi.stubEnv('TABLE_NAME', '');
    expect(await call(handler)).toMatchObject({ statusCode: 200 });
  });
});

describe('a problem', () => {
  it.each([
    [400, 'Bad Request'],
    [401, 'Unauthorized'],
    [404, 'Not Found'],
    [413, 'Content Too Large'],
    [415, 'Unsupported Media Type'],
    [500, 'Internal Server Error'],
    [503, 'Service Unavailable'],
  ])('of status %i is called “%s”', (status, title) => {
    const { statusCode, body } = new HttpProblem(status, 'Because.').toResponse();
    expect(statusCode).toBe(status);
    expect(JSON.parse(body ?? '')).toEqual({ type: 'about:blank', title, status, detail: 'Because.' });
  });
});
