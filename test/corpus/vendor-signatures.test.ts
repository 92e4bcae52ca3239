import { describe, expect, test } from 'vitest';
import { handler } from '../../functions/receive-event.ts';
import { jobId, Jobs } from '../../lib/jobs.ts';
import { resetServices } from '../../lib/services.ts';
import { ParkedPayloads } from '../../lib/parked-payloads.ts';
import { believeTopic } from '../sns-topic.ts';
import { fromContentful } from '../vendor-deliveries.ts';
import { aws, sent, table } from '../unit/ingest.ts';
import { call, type HttpAnswer } from '../unit/invoke.ts';
import { honestSns, ownTopic, snsForgeries } from './sns-cases.ts';
import { honest, vendorForgeries, type VendorForgery } from './vendor-signature-cases.ts';

const secret = 'ab'.repeat(32);
const settings = {
  contentful: { adapter: 'contentful', secrets: [secret] },
  cloudinary: { adapter: 'cloudinary', secrets: [secret] },
  pim: {
    adapter: 'hmac',
    secrets: [secret],
    signature: {
      header: 'x-signature',
      prefix: 'sha256=',
      content: '{timestamp}.{body}',
      timestamp: { header: 'x-time' },
    },
    mapping: { event: { id: 'id', subject: 'sku', type: 'what', time: 'when' } },
  },
  sns: { adapter: 'cloudevents', topicArn: ownTopic.topicArn },
};

// The test's HTTP event is called at this path.
const path = '/test';

async function deliver({ source, forge }: VendorForgery): Promise<HttpAnswer> {
  // What an earlier delivery had read of the sources is forgotten.
  await resetServices();
  aws.sources = { [aws.source]: settings[source] };
  believeTopic(ownTopic);
  const { body, headers } = forge(path, secret);
  return call(handler, { path: { source: aws.source }, headers, body });
}

describe('what claims to be a vendor’s', () => {
  test.each([...vendorForgeries, ...snsForgeries])(
    '$name is answered with 401, and nothing is stored',
    async (row) => {
      expect(await deliver(row)).toMatchObject({ statusCode: 401, body: { status: 401 } });
      expect(sent()).toEqual([]);
      expect(aws.databaseCalls).toBe(0);
    },
  );

  test.each([...honest, ...honestSns])('$name is believed', async (row) => {
    expect(await deliver(row)).toMatchObject({ statusCode: 202 });
    expect(sent()).toHaveLength(1);
  });

  test('is told what is wrong with headers and clock, and nothing of what a signature should be', async () => {
    const told = new Set<string>();
    for (const row of [...vendorForgeries, ...snsForgeries]) {
      const { detail } = (await deliver(row)).body as { detail: string };
      told.add(detail.replaceAll(/\d+ seconds off/g, 'N seconds off'));
    }
    expect([...told].toSorted()).toEqual([
      'Raw message delivery carries no signature: switch it off for this subscription.',
      'SignatureVersion must be "1" or "2".',
      'SigningCertURL must name a certificate at https://sns.eu-west-1.amazonaws.com/.',
      'The body is no message of SNS.',
      'The header x-signature, x-time must be there.',
      'The headers x-cld-signature and x-cld-timestamp must both be there.',
      'The headers x-contentful-signature, x-contentful-signed-headers and x-contentful-timestamp must all be there. Enable request verification in the webhook settings.',
      'The message is of another topic (arn:aws:sns:eu-west-1:999999999999:content) than the "topicArn" of this source.',
      'The signature was not accepted: no matching signature found.',
      'There is no certificate at SigningCertURL.',
      'Timestamp is more than a day ago.',
      'x-cld-timestamp is N seconds off our clock; at most 7200 are taken.',
      'x-cld-timestamp must be Unix seconds.',
      'x-contentful-signed-headers must list x-contentful-timestamp.',
      'x-contentful-signed-headers must list x-contentful-topic.',
      'x-contentful-timestamp is N seconds off our clock; at most 300 are taken.',
      'x-time is N seconds off our clock; at most 300 are taken.',
    ]);
  });
});

describe('a payload that is believed and cannot be read', () => {
  const unreadable = (): Promise<HttpAnswer> => {
    const row = honest.find(({ source }) => source === 'contentful');
    if (row === undefined) throw new Error('There is no such row.');
    return deliver({
      ...row,
      forge: (at, key) => {
        return fromContentful(at, key, 'publish', {
          sys: { id: 'strange', updatedAt: '2026-01-01T00:00:00Z' },
        });
      },
    });
  };

  test('is a failed job once, whatever call to the table fails, and however often it comes', async () => {
    // Which calls there are, undisturbed.
    await unreadable();
    const calls = aws.databaseCalls;
    const base = aws.source;
    expect(calls).toBeGreaterThan(2);
    for (let nth = 0; nth < calls; nth += 1) {
      for (const fate of ['refused', 'made, but its answer is lost'] as const) {
        const source = `${base}-${nth}-${fate.slice(0, 4)}`;
        aws.reset(source);
        aws.fateOf = (call_) => (call_ === nth ? fate : 'made');
        const first = await unreadable();
        aws.fateOf = () => 'made';
        const again = await unreadable();
        expect([200, 202, 503]).toContain(first.statusCode);
        expect([200, 202]).toContain(again.statusCode);
        const [job] = (again.body as { jobs: { id: string; state: string; type: string }[] }).jobs;
        expect(job).toMatchObject({ state: 'failed', type: 'unreadable', subject: 'strange' });
        const { database, tableName } = table();
        const stored = await new Jobs(database, tableName).get(job?.id ?? '');
        expect(stored).toMatchObject({ error: { code: 'PAYLOAD_UNREADABLE' } });
        expect(stored?.id).toBe(jobId(source, stored?.eventId ?? ''));
        const kept = await new ParkedPayloads(database, tableName).get(job?.id ?? '');
        // The topic is needed to read it again; what signed it is not kept.
        expect(kept?.headers).toEqual({ 'x-contentful-topic': 'ContentManagement.Asset.publish' });
        expect(JSON.parse(kept?.body.toString() ?? '')).toMatchObject({ sys: { id: 'strange' } });
        // Only that it has ended is told.
        const queues = sent().map(({ QueueUrl = '' }) => QueueUrl.split('/').at(-1));
        expect(new Set(queues)).toEqual(new Set(['outcome']));
      }
    }
  });
});
