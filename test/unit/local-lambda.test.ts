import { afterEach, describe, expect, it, vi } from 'vitest';
import { succeededMessages } from '../../local/batch-response.ts';
import { createLambda, loadHandler } from '../../local/lambda.ts';
import type { LambdaFunction, LambdaHandler } from '../../local/lambda.ts';
import { rateMs, scheduledEvent } from '../../local/schedule.ts';

const lines: string[] = [];
const lambda = createLambda('eu-west-1', (line) => lines.push(line));
const named = (handler: LambdaHandler, timeoutSeconds = 30): LambdaFunction => ({
  name: 'test',
  handler,
  timeoutSeconds,
  memoryMebibytes: 256,
});

afterEach(() => {
  vi.useRealTimers();
  lines.length = 0;
});

describe('an invocation', () => {
  it('gets event and context, and its answer, through JSON', async () => {
    const seen: unknown[] = [];
    const answer = await lambda.invoke(
      named((event, context) => {
        seen.push(event);
        return {
          request: context.awsRequestId,
          memory: context.memoryLimitInMB,
          name: context.functionName,
          date: new Date(0),
        };
      }),
      { date: new Date(0), left: undefined },
    );
    expect(seen).toEqual([{ date: '1970-01-01T00:00:00.000Z' }]);
    expect(answer).toEqual({
      ok: true,
      payload: {
        request: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        memory: '256',
        name: 'test',
        date: '1970-01-01T00:00:00.000Z',
      },
    });
  });

  it('knows how much time is left', async () => {
    let now = 1000;
    const timed = createLambda(
      'eu-west-1',
      () => undefined,
      () => now,
    );
    const answer = await timed.invoke(
      named((_event, context) => {
        const before = context.getRemainingTimeInMillis();
        now += 7_000;
        const between = context.getRemainingTimeInMillis();
        now += 60_000;
        return [before, between, context.getRemainingTimeInMillis()];
      }),
      null,
    );
    expect(answer).toEqual({ ok: true, payload: [30_000, 23_000, 0] });
  });

  it('that throws is a result, and a line of the log', async () => {
    const answer = await lambda.invoke(
      named(() => {
        throw new TypeError('no such thing');
      }),
      null,
    );
    expect(answer).toMatchObject({ ok: false, errorType: 'TypeError', errorMessage: 'no such thing' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'ERROR', message: 'TypeError: no such thing' });
  });

  it('is over at its timeout, whatever the handler answers later', async () => {
    vi.useFakeTimers();
    const late = Promise.withResolvers<string>();
    const answer = lambda.invoke(
      named(() => late.promise, 5),
      null,
    );
    const idle = lambda.idle();
    expect(lambda.activity().running).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await answer).toMatchObject({ ok: false, errorType: 'Sandbox.Timedout' });
    await idle;
    late.resolve('too late');
    expect(lambda.activity().running).toBe(0);
  });
});

it('a module without the handler that the template names is refused', async () => {
  const url = new URL('../fixtures/local/functions/work.ts', import.meta.url).href;
  await expect(loadHandler(url, 'missing')).rejects.toThrow('exports no function named missing');
});

const result = (payload: unknown) => ({ ok: true, payload }) as const;
const failures = (...batchItemFailures: unknown[]) => result({ batchItemFailures });

describe('after an invocation, of the messages a and b', () => {
  it.each([
    ['null', result(null)],
    ['an empty object', result({})],
    ['no failures', failures()],
    ['null for the failures', result({ batchItemFailures: null })],
  ])('both are done when the answer is %s', (_what, answer) => {
    expect(succeededMessages(['a', 'b'], answer, true)).toEqual(['a', 'b']);
  });

  it.each([
    ['an error', { ok: false, errorType: 'Error', errorMessage: '' } as const],
    ['an unknown id', failures({ itemIdentifier: 'a' }, { itemIdentifier: 'c' })],
    ['an empty id', failures({ itemIdentifier: '' })],
    ['null for an id', failures({ itemIdentifier: null })],
    ['a wrong key', failures({ messageId: 'a' })],
    ['a text', result('fine')],
    ['failures that are no list', result({ batchItemFailures: 'a' })],
  ])('neither is done when the answer is %s', (_what, answer) => {
    expect(succeededMessages(['a', 'b'], answer, true)).toEqual([]);
  });

  it('the one that failed is not done', () => {
    expect(succeededMessages(['a', 'b'], failures({ itemIdentifier: 'a' }), true)).toEqual(['b']);
  });

  it('both are done when the mapping does not report failures, whatever the answer', () => {
    expect(succeededMessages(['a', 'b'], failures({ itemIdentifier: 'a' }), false)).toEqual(['a', 'b']);
  });
});

describe('a schedule', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(2 hours)', 7_200_000],
    ['rate(1 day)', 86_400_000],
  ])('of %s fires every %i ms', (expression, milliseconds) => {
    expect(rateMs(expression)).toBe(milliseconds);
  });

  it.each(['cron(0 12 * * ? *)', 'rate(0 minutes)', 'rate(minute)', ''])('of %s is refused', (expression) => {
    expect(() => rateMs(expression)).toThrow('is not a rate');
  });

  it('brings the event of EventBridge', () => {
    expect(scheduledEvent('sweep', 'eu-west-1', new Date('2026-11-23T10:00:00.123Z'))).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      time: '2026-11-23T10:00:00Z',
      resources: ['arn:aws:events:eu-west-1:000000000000:rule/sweep'],
      detail: {},
    });
  });
});
