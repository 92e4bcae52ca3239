import { describe, expect, it } from 'vitest';
import { event, post, sent, storedJob } from './ingest.ts';

const two = ['one', 'other'].map((id) => ({ ...event, id, subject: id }));

describe('the trace of an event', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  const carried = () => sent().map((message) => message.MessageAttributes?.['traceId']?.StringValue);

  it.each<[string, unknown]>([
    ['of control characters', '00-\u0000\n-00f067aa0ba902b7-01'],
    ['of 10 KB', 'a'.repeat(10_000)],
    ['that is an object', { trace }],
    ['that is a number', 7],
    ['that is null', null],
  ])('is not taken from a traceparent %s, which refuses nothing', async (_what, traceparent) => {
    expect((await post({ ...event, traceparent }, { headers })).statusCode).toBe(202);
    expect((await storedJob())?.traceId).toBe(trace);
    expect(carried()).toEqual([trace]);
  });

  it('is a new one for each event where nothing names one', async () => {
    expect((await post(two, { headers: { traceparent: `00-${'a'.repeat(10_000)}` } })).statusCode).toBe(202);
    const jobs = await Promise.all(two.map(({ id }) => storedJob(id)));
    const traces = jobs.map((job) => job?.traceId);
    expect(traces).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ]);
    expect(new Set(traces).size).toBe(2);
    expect(carried().toSorted()).toEqual(traces.toSorted());
  });
});
