import { describe, expect, it } from 'vitest';
import { payloadOfMessage, readEventMessage } from '../../lib/sources/event-message.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import type { Source } from '../../lib/sources/source.ts';

const topicArn = 'arn:aws:sns:eu-west-1:123456789012:dam';
const receivedAt = new Date('2026-03-01T10:00:00.123Z');
const cloudEvent = {
  specversion: '1.0',
  id: 'event-1',
  source: 'com.acme.dam',
  type: 'asset.archive',
  subject: 'a',
  time: '2026-03-01T09:00:00.5Z',
  data: {},
};
const bridged = {
  version: '0',
  id: 'bridge-1',
  'detail-type': 'asset.metadata',
  source: 'com.acme.dam',
  account: '123456789012',
  time: '2026-03-01T09:00:00Z',
  region: 'eu-west-1',
  resources: ['a'],
  detail: { metadata: { name: 'New' } },
};
const notification = (Message: string, attributes: Readonly<Record<string, string>> = {}) => ({
  Type: 'Notification',
  MessageId: 'sns-1',
  TopicArn: topicArn,
  Message,
  Timestamp: '2026-03-01T09:00:00.000Z',
  SignatureVersion: '1',
  Signature: 'signature',
  SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/cert.pem',
  UnsubscribeURL: 'https://sns.eu-west-1.amazonaws.com/',
  MessageAttributes: Object.fromEntries(
    Object.entries(attributes).map(([name, Value]) => [name, { Type: 'String', Value }]),
  ),
});

function sourceOf(settings: object): Source {
  const source = parseSources(JSON.stringify({ dam: settings })).get('dam');
  if (source === undefined) throw new Error('The source was not read.');
  return source;
}
const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
const cloudEvents = sourceOf({ secrets });
const contentful = sourceOf({ adapter: 'contentful', secrets: ['ab'.repeat(32)] });
const bynder = sourceOf({ adapter: 'bynder', portal: 'https://acme.bynder.com', topicArn });

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
function read(value: unknown, source: Source, attributes: Readonly<Record<string, string>> = {}) {
  const { payload, faults } = payloadOfMessage(
    readEventMessage(textOf(value), attributes),
    source,
    receivedAt,
  );
  expect(payload.receivedAt).toEqual(receivedAt);
  return { headers: payload.headers, body: payload.body.toString(), faults };
}

describe('a message says whose it is', () => {
  const given = { source: 'dam' };
  it.each<[string, unknown, Record<string, string>, object]>([
    ['by the attribute "source"', 'anything', given, { given: 'dam' }],
    [
      'by the attribute, beside what it says itself',
      cloudEvent,
      given,
      { given: 'dam', names: [cloudEvent.source] },
    ],
    ['by the source of its CloudEvent', cloudEvent, {}, { names: [cloudEvent.source] }],
    [
      'by the sources of its batch, each once',
      [cloudEvent, { ...cloudEvent, source: 'other' }, cloudEvent],
      {},
      { names: [cloudEvent.source, 'other'] },
    ],
    [
      'by the one source in a batch that is not whole',
      [{}, null, cloudEvent],
      {},
      { names: [cloudEvent.source] },
    ],
    ['by the source of its EventBridge event', bridged, {}, { names: [bridged.source] }],
    ['by its topic', notification('{}'), {}, { topicArn }],
    ['by an attribute of its notification', notification('{}', given), {}, { topicArn, given: 'dam' }],
    ['not by a source that is no text', { ...cloudEvent, source: 7 }, {}, {}],
    ['not by JSON of another kind', { sys: { id: 'a' } }, {}, {}],
    ['not by an empty batch', [], {}, {}],
    ['not by text', 'not JSON', {}, {}],
    ['not by nothing', '', {}, {}],
    ['not by the Message of a notification', notification(JSON.stringify(cloudEvent)), {}, { topicArn }],
  ])('%s', (_what, value, attributes, claim) => {
    expect(readEventMessage(textOf(value), attributes).claim).toEqual(claim);
  });
});

describe('what is to be read of a message', () => {
  const structured = { 'content-type': 'application/cloudevents+json' };

  it('is a CloudEvent byte for byte', () => {
    const text = ` ${JSON.stringify(cloudEvent)}\n`;
    expect(read(text, cloudEvents)).toEqual({ headers: structured, body: text, faults: [] });
  });

  it('is a batch of them', () => {
    const text = JSON.stringify([cloudEvent]);
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    expect(read(text, cloudEvents)).toEqual({ headers, body: text, faults: [] });
  });

  it("is a vendor's payload with its attributes as headers", () => {
    const attributes = { source: 'dam', 'X-Contentful-Topic': 'ContentManagement.Asset.publish' };
    const { headers, body } = read({ sys: {} }, contentful, attributes);
    expect(headers).toMatchObject({ 'x-contentful-topic': 'ContentManagement.Asset.publish' });
    expect(body).toBe('{"sys":{}}');
  });

  it('is what is in a notification, with its attributes as headers', () => {
    const envelope = notification(JSON.stringify(cloudEvent), { Topic: 'x' });
    expect(read(envelope, cloudEvents)).toEqual({
      headers: { ...structured, topic: 'x' },
      body: JSON.stringify(cloudEvent),
      faults: [],
    });
  });

  it('is the whole notification where its adapter reads those', () => {
    const text = JSON.stringify(notification('{}'));
    expect(read(text, bynder)).toEqual({ headers: {}, body: text, faults: [] });
  });

  it('is the detail of an EventBridge event for a source that sends no CloudEvents', () => {
    const attributes = { 'x-contentful-topic': 'ContentManagement.Asset.publish' };
    const { headers, body, faults } = read(
      { ...bridged, detail: { sys: { id: 'a' } } },
      contentful,
      attributes,
    );
    expect([headers, body, faults]).toEqual([{ ...structured, ...attributes }, '{"sys":{"id":"a"}}', []]);
  });
});

describe('an EventBridge event becomes a CloudEvent', () => {
  const ofEvent = (changes: object) => {
    const { headers, body, faults } = read({ ...bridged, ...changes }, cloudEvents, {
      'content-type': 'text/plain',
    });
    expect(headers).toEqual({ 'content-type': 'application/cloudevents+json' });
    return { event: JSON.parse(body) as unknown, faults };
  };
  const envelope = {
    specversion: '1.0',
    id: bridged.id,
    source: bridged.source,
    type: 'asset.metadata',
    time: bridged.time,
    subject: 'a',
    data: bridged.detail,
  };

  it.each<[string, object, object]>([
    ['about its only resource', {}, {}],
    [
      'about detail.subject',
      { detail: { ...bridged.detail, subject: 'b' }, resources: ['c', 'd'] },
      { subject: 'b' },
    ],
    [
      'with what its detail says beside the data',
      {
        detail: {
          ...bridged.detail,
          id: 'own',
          time: '2026-03-01T09:00:00.25Z',
          sequence: '007',
          traceparent: '00-x',
        },
      },
      { id: 'own', time: '2026-03-01T09:00:00.25Z', sequence: '007', traceparent: '00-x' },
    ],
    [
      'with what its detail says wrongly',
      { detail: { ...bridged.detail, time: 7, subject: 8 } },
      { time: 7, subject: 8 },
    ],
    [
      'that is ignored, about its subject',
      { 'detail-type': 'Object Created', detail: { subject: 'b', id: 7, time: 8 } },
      { type: 'Object Created', subject: 'b', data: undefined },
    ],
    [
      'that is ignored, about its type',
      { 'detail-type': 'Object Created', detail: {}, resources: [] },
      { type: 'Object Created', subject: 'Object Created', data: undefined },
    ],
  ])('%s', (_what, changes, expected) => {
    expect(ofEvent(changes)).toEqual({
      event: JSON.parse(JSON.stringify({ ...envelope, ...expected })),
      faults: [],
    });
  });

  it.each([
    [[], 'no entry'],
    [['a', 'b'], '2 entries'],
  ])('without a subject, where resources is %j', (resources, count) => {
    const { event, faults } = ofEvent({ resources });
    expect(event).not.toHaveProperty('subject');
    expect(faults).toEqual([
      {
        field: 'subject',
        message: `is missing: give detail.subject, or exactly one entry in resources (it has ${count})`,
      },
    ]);
  });
});
