import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../functions/receive-event.ts';
import { cloudEventsAdapter } from '../../lib/sources/cloudevents.ts';
import { aws, event, expectNothingStored, sent } from '../unit/ingest.ts';
import { otherSecret, secret, sourceWith } from '../unit/signed-delivery.ts';
import { call, type HttpAnswer } from '../unit/invoke.ts';
import { hmac, signatureCases, type SignatureCase } from './signature-cases.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 1_000) * 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

async function deliver({ forge, secrets = [secret] }: SignatureCase): Promise<HttpAnswer> {
  const other = `${aws.source}-other`;
  aws.sources = { [aws.source]: { secrets }, [other]: { secrets: [otherSecret] } };
  const body = JSON.stringify({ ...event, data: { file: { ...event.data.file, name: 'é.pdf' } } });
  const honest = { id: 'msg_1', timestamp: String(Math.floor(Date.now() / 1_000)), body };
  const headers = {
    'content-type': 'application/cloudevents+json',
    'webhook-id': honest.id,
    'webhook-timestamp': honest.timestamp,
    'webhook-signature': `v1,${hmac(honest).toString('base64')}`,
  };
  const forged = forge({ ...honest, headers });
  const sentHeaders = Object.entries({ ...headers, ...forged.headers }).filter(([, value]) => value !== '');
  const { body: sentBody = body } = forged;
  const isText = forged.isBase64Encoded !== undefined && typeof sentBody === 'string';
  const request = {
    path: { source: forged.to === undefined ? aws.source : other },
    headers: Object.fromEntries(sentHeaders),
    body: isText ? sentBody : Buffer.from(sentBody).toString('base64'),
    isBase64Encoded: true,
  };
  const answers: HttpAnswer[] = [];
  for (let time = 0; time < (forged.times ?? 1); time += 1) {
    answers.push(await call(handler, request));
    vi.setSystemTime(Date.now() + 60_000);
  }
  const last = answers.at(-1);
  if (last === undefined) throw new Error('Nothing was sent.');
  return last;
}

describe('hostile signatures', () => {
  test.each(signatureCases)('$name is answered with $status', async (row) => {
    const answer = await deliver(row);
    expect(answer.statusCode).toBe(row.status);
    if (row.status === 401) await expectNothingStored();
    else expect(new Set(sent().map(({ MessageBody }) => MessageBody)).size).toBe(1);
  });

  test('are told what is wrong with their headers and clock, and nothing of what a signature should be', async () => {
    const told = new Set<string>();
    for (const row of signatureCases.filter(({ status, secrets }) => status === 401 && !secrets)) {
      const { body } = await deliver(row);
      const { detail } = body as { detail: string };
      told.add(detail.replaceAll(/\d+ seconds (?:behind|ahead of)/g, 'N seconds off'));
    }
    expect([...told].toSorted()).toEqual([
      'The body must be UTF-8.',
      'The headers webhook-id, webhook-timestamp and webhook-signature must all be there.',
      'The signature was not accepted: no matching signature found.',
      'webhook-signature lists too many signatures.',
      'webhook-timestamp is N seconds off our clock; at most 300 are taken.',
      'webhook-timestamp must be Unix seconds.',
    ]);
  });

  test('cost no more than good ones', async () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const body = 'x'.repeat(256 * 1_024);
    const good = `v1,${hmac({ id: 'msg_1', timestamp, body }).toString('base64')}`;
    const source = sourceWith(secret);
    const millisecondsOf = (signature: string): number => {
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': timestamp,
        'webhook-signature': signature,
      };
      const delivery = {
        method: 'POST',
        path: '/events/demo',
        headers,
        body: Buffer.from(body),
        receivedAt: new Date(),
      };
      const times = Array.from({ length: 30 }, () => {
        const began = performance.now();
        cloudEventsAdapter.verify(source, delivery);
        return performance.now() - began;
      });
      return Math.min(...times);
    };
    const goodMs = millisecondsOf(good);
    const forged = [
      `v1,${'A'.repeat(43)}=`,
      Array.from({ length: 1_000 }, () => good).join(' '),
      ','.repeat(8_000),
    ];
    for (const signature of forged) expect(millisecondsOf(signature)).toBeLessThan(goodMs * 2 + 0.5);
  });
});
