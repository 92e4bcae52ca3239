import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aws, event, newSecret, post, secret, storedJob } from './ingest.ts';

describe('a source that sends more than its allowance', () => {
  beforeEach(() => {
    // The beginning of a minute, lest it end within the test.
    vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 60_000) * 60_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const numbered = (index: number) => ({ ...event, id: `event-${index}`, subject: `subject-${index}` });

  it('is told when to come again, and others are not touched', async () => {
    const [busy, other] = [aws.source, `${aws.source}-other`];
    aws.sources = { [busy]: { secrets: [secret], eventsPerMinute: 3 }, [other]: { secrets: [secret] } };
    const answers = [];
    for (let index = 0; index < 5; index += 1) answers.push(await post(numbered(index)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202, 429, 429]);
    expect(answers[3]).toMatchObject({
      headers: { 'content-type': 'application/problem+json', 'retry-after': expect.stringMatching(/^\d+$/) },
      body: { title: 'Too Many Requests', status: 429 },
    });
    expect(await storedJob('event-3')).toBeNull();
    expect((await post(event, { to: other })).statusCode).toBe(202);
  });

  it('is not robbed of it by forged deliveries', async () => {
    aws.sources = { [aws.source]: { secrets: [secret], eventsPerMinute: 1 } };
    for (let count = 0; count < 5; count += 1) {
      expect((await post(event, { key: newSecret })).statusCode).toBe(401);
    }
    expect((await post(event)).statusCode).toBe(202);
    expect((await post(numbered(1), { key: newSecret })).statusCode).toBe(401);
    expect((await post(numbered(1))).statusCode).toBe(429);
  });

  it('is charged for a batch by its events, and for nonsense too', async () => {
    aws.sources = { [aws.source]: { secrets: [secret], eventsPerMinute: 11 } };
    expect((await post(Array.from({ length: 10 }, (_none, index) => numbered(index)))).statusCode).toBe(202);
    expect((await post('{')).statusCode).toBe(400);
    expect((await post(event)).statusCode).toBe(429);
  });
});
