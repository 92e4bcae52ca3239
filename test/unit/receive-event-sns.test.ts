import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler } from '../../functions/receive-event.ts';
import { getServices, resetServices } from '../../lib/services.ts';
import { SnsEndpoint } from '../../lib/sns-endpoint.ts';
import { notification } from '../fixtures/vendors/bynder.ts';
import { recordLines } from '../recorded-lines.ts';
import { believeTopic, createSnsTopic, fromSns, type SnsFields, type SnsTopic } from '../sns-topic.ts';
import {
  aws,
  event,
  expectAccepted,
  expectNothingStored,
  expectOurFault,
  post,
  receipts,
  secret,
  sent,
  storedAsset,
  storedJob,
} from './ingest.ts';
import { call, type HttpAnswer } from './invoke.ts';

let topic: SnsTopic;
beforeEach(() => {
  topic = createSnsTopic();
  setUp({ topicArn: topic.topicArn });
  believeTopic(topic);
});

function setUp(settings: object): void {
  aws.sources = { [aws.source]: settings };
}
async function startContainer(settings: object): Promise<void> {
  await resetServices();
  setUp(settings);
  believeTopic(topic);
}
function deliver(message: SnsFields, headers: Readonly<Record<string, string>> = {}): Promise<HttpAnswer> {
  const delivery = fromSns('/', message);
  return call(handler, {
    path: { source: aws.source },
    headers: { ...delivery.headers, ...headers },
    body: delivery.body,
  });
}

describe('a notification of the own topic', () => {
  it.each(['1', '2'])(
    'is an event, however often it comes, signed by version %s',
    async (SignatureVersion) => {
      const message = topic.notify(event, { SignatureVersion });
      const answer = await deliver(message);
      expect(answer.statusCode).toBe(202);
      await expectAccepted();
      const again = await deliver(message);
      expect(again.statusCode).toBe(200);
      expect(receipts(again)).toEqual(receipts(answer));
      expect(topic.asked).toEqual([topic.certificateUrl]);
    },
  );

  it('may hold a batch', async () => {
    const batch = [event, { ...event, id: 'event-2', subject: 'b' }];
    expect(receipts(await deliver(topic.notify(batch)))).toHaveLength(2);
  });

  it('may have 256 KiB, which its envelope makes more', async () => {
    const text = JSON.stringify({ ...event, extension: '"'.repeat(60_000) }).padEnd(256 * 1024);
    expect(JSON.stringify(topic.notify(text)).length).toBeGreaterThan(300 * 1024);
    expect((await deliver(topic.notify(text))).statusCode).toBe(202);
  });

  it('has an end all the same', async () => {
    expect(await deliver(topic.notify('x'.repeat(384 * 1024)))).toMatchObject({ statusCode: 413 });
    await expectNothingStored();
  });

  it('of which anything is wrong is kept, since SNS would not bring it again', async () => {
    const message = topic.notify({ ...event, data: {} });
    const answer = await deliver(message);
    expect(answer.statusCode).toBe(202);
    expect(receipts(answer)).toMatchObject([{ type: 'unreadable', state: 'failed' }]);
    const again = await deliver(message);
    expect(again.statusCode).toBe(200);
    expect(receipts(again)).toEqual(receipts(answer));
    const kept = await getServices().parkedPayloads.get(receipts(answer)[0]?.id ?? '');
    expect(kept?.body.toString()).toBe(message['Message']);
  });

  it('whose batch uses one id for two subjects is kept too', async () => {
    const answer = await deliver(topic.notify([event, { ...event, subject: 'b' }]));
    expect(receipts(answer)).toMatchObject([{ type: 'unreadable', state: 'failed' }]);
    const job = await getServices().jobs.get(receipts(answer)[0]?.id ?? '');
    expect(job?.error?.message).toMatch(/id is used for two subjects/);
    expect(await storedAsset('b')).toBeNull();
  });

  it('is taken whatever the allowance is, since SNS would not wait long enough', async () => {
    setUp({ topicArn: topic.topicArn, eventsPerMinute: 1 });
    for (let index = 0; index < 3; index += 1) {
      expect((await deliver(topic.notify({ ...event, id: `event-${index}` }))).statusCode).toBe(202);
    }
  });

  it('says nothing by its attributes, which nobody signs', async () => {
    const attributes = { 'content-type': { Type: 'String', Value: 'application/json' } };
    const message = { ...topic.notify(event), MessageAttributes: attributes };
    expect((await deliver(message)).statusCode).toBe(202);
    await expectAccepted();
  });

  it("is Bynder's own where Bynder sends it", async () => {
    setUp({ adapter: 'bynder', topicArn: topic.topicArn, portal: 'https://acme.bynder.com' });
    const { Type: _type, MessageId, Subject, Message } = notification('asset_bank.media.archived');
    const answer = await deliver(topic.notify(Message, { MessageId, Subject }));
    expect(answer.statusCode).toBe(202);
    expect(await storedJob(MessageId)).toMatchObject({ type: 'asset.archive' });
  });

  it('can go beside webhooks that the source signs itself', async () => {
    setUp({ topicArn: topic.topicArn, secrets: [secret] });
    expect((await post(event)).statusCode).toBe(202);
    expect((await deliver(topic.notify(event))).statusCode).toBe(200);
  });

  it('is believed as soon as its topic is set up', async () => {
    await resetServices();
    believeTopic(topic);
    const settings = [{ secrets: [secret] }, { topicArn: topic.topicArn }];
    aws.mocks.secrets.on(GetSecretValueCommand).callsFake(() => {
      return {
        SecretString: JSON.stringify({ [aws.source]: settings.shift() ?? { topicArn: topic.topicArn } }),
      };
    });
    expect((await deliver(topic.notify(event))).statusCode).toBe(202);
  });

  it('is to come again while SNS cannot be asked for its certificate', async () => {
    const sns = new SnsEndpoint(() => Promise.reject(new Error('down: hunter2')));
    Object.assign(getServices(), { sns });
    expectOurFault(await deliver(topic.notify(event)));
    await expectNothingStored();
    believeTopic(topic);
    expect((await deliver(topic.notify(event))).statusCode).toBe(202);
  });

  it('is to come again when it could not be stored, and is one job whatever call failed', async () => {
    await deliver(topic.notify(event));
    const calls = aws.databaseCalls;
    const base = aws.source;
    for (let nth = 0; nth < calls; nth += 1) {
      for (const fate of ['refused', 'made, but its answer is lost'] as const) {
        aws.reset(`${base}-${nth}-${fate.slice(0, 4)}`);
        await startContainer({ topicArn: topic.topicArn });
        aws.fateOf = (call_) => (call_ === nth ? fate : 'made');
        const message = topic.notify(event);
        expect([202, 503]).toContain((await deliver(message)).statusCode);
        aws.fateOf = () => 'made';
        expect([200, 202]).toContain((await deliver(message)).statusCode);
        await expectAccepted();
      }
    }
  });
});

describe('a message of SNS is refused', () => {
  it.each<[string, object, Readonly<Record<string, string>>, RegExp]>([
    [
      'by a source without a topic',
      { topicArn: undefined, secrets: [secret] },
      {},
      /its settings name no "topicArn"/,
    ],
    [
      'by a source of another topic',
      { topicArn: 'arn:aws:sns:eu-west-1:123456789012:other' },
      {},
      /another topic/,
    ],
    ['in raw delivery', {}, { 'x-amz-sns-rawdelivery': 'true' }, /switch it off/],
  ])('%s', async (_what, settings, headers, detail) => {
    setUp({ topicArn: topic.topicArn, ...settings });
    expect(await deliver(topic.notify(event), headers)).toMatchObject({
      statusCode: 401,
      body: { detail: expect.stringMatching(detail) },
    });
    await expectNothingStored();
    expect(topic.asked).toEqual([]);
  });

  it('by the signature of the source, which would have to be of SNS', async () => {
    setUp({ topicArn: topic.topicArn, secrets: [secret] });
    const answer = await post(event, { headers: { 'x-amz-sns-message-type': 'Notification' } });
    expect(answer).toMatchObject({ statusCode: 401, body: { detail: 'The body is no message of SNS.' } });
  });
});

describe('a source whose doors leave out https', () => {
  it.each<[string, () => Promise<HttpAnswer>]>([
    ['what it signs itself', () => post(event)],
    ['what SNS brings', () => deliver(topic.notify(event))],
    ['what is forged', () => post(event, { headers: { 'webhook-signature': '' } })],
  ])('has %s answered with 404, which says why', async (_what, send) => {
    setUp({ topicArn: topic.topicArn, secrets: [secret], doors: ['queue', 'inbox'] });
    expect(await send()).toMatchObject({
      statusCode: 404,
      body: { detail: 'This source takes no webhooks: its "doors" leave out "https".' },
    });
    await expectNothingStored();
  });

  it('is open as soon as its settings say so', async () => {
    const settings = [{ secrets: [secret], doors: ['queue'] }];
    aws.mocks.secrets.on(GetSecretValueCommand).callsFake(() => {
      return { SecretString: JSON.stringify({ [aws.source]: settings.shift() ?? { secrets: [secret] } }) };
    });
    expect((await post(event)).statusCode).toBe(202);
  });

  it('answers no vendor that asks whether the address is ours', async () => {
    const aem = { adapter: 'aem', clientId: 'client-1', author: 'https://author.example' };
    const challenge = () =>
      call(handler, { method: 'GET', path: { source: aws.source }, query: { challenge: 'abc' } });
    setUp({ ...aem, doors: ['queue'] });
    expect(await challenge()).toMatchObject({ statusCode: 404 });
    await resetServices();
    setUp(aem);
    expect(await challenge()).toMatchObject({ statusCode: 200, body: { challenge: 'abc' } });
  });
});

describe('of a subscription', () => {
  let recording: ReturnType<typeof recordLines>;
  beforeEach(async () => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
    await resetServices();
    believeTopic(topic);
    recording = recordLines();
  });
  afterEach(() => {
    recording.stop();
  });
  const lines = () => recording.lines.map(({ level, message, source }) => ({ level, message, source }));

  it('the confirmation is given to SNS, as often as it is asked for', async () => {
    const message = topic.confirmation();
    const answer = await deliver(message);
    expect(answer).toMatchObject({ statusCode: 200, body: { jobs: [] } });
    expect((await deliver(message)).statusCode).toBe(200);
    expect(topic.asked).toEqual([topic.certificateUrl, message['SubscribeURL'], message['SubscribeURL']]);
    const line = { level: 'INFO', message: 'subscription confirmed to SNS', source: aws.source };
    expect(lines()).toEqual([line, line]);
    expect(JSON.stringify(recording.lines)).not.toContain(message['Token']);
    expect(sent()).toEqual([]);
  });

  it('the confirmation is not given where SNS would be asked for something else', async () => {
    const message = topic.confirmation('SubscriptionConfirmation', {
      SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription',
    });
    expect(await deliver(message)).toMatchObject({
      statusCode: 400,
      body: { detail: 'SubscribeURL does not confirm a subscription to the topic.' },
    });
    expect(topic.asked).toEqual([topic.certificateUrl]);
  });

  it.each([
    [403, 400],
    [302, 503],
    [500, 503],
  ])('the confirmation to which SNS says %i is answered with %i', async (status, answered) => {
    const message = topic.confirmation();
    topic.answers.set(String(message['SubscribeURL']), { status, text: 'no' });
    expect(await deliver(message)).toMatchObject({ statusCode: answered });
    expect(lines()).not.toContainEqual(expect.objectContaining({ message: 'subscription confirmed to SNS' }));
    expect(JSON.stringify(recording.lines)).not.toContain(message['Token']);
  });

  it('the end is logged, and nothing is subscribed again', async () => {
    const message = topic.confirmation('UnsubscribeConfirmation');
    expect(await deliver(message)).toMatchObject({ statusCode: 200, body: { jobs: [] } });
    expect(topic.asked).toEqual([topic.certificateUrl]);
    expect(lines()).toEqual([
      { level: 'WARN', message: 'subscription to SNS has ended', source: aws.source },
    ]);
    expect(JSON.stringify(recording.lines)).not.toContain(message['Token']);
  });
});
