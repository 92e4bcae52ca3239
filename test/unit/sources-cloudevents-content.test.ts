import { describe, expect, it } from 'vitest';
import { cloudEventsAdapter } from '../../lib/sources/cloudevents.ts';
import { delivery, event, secret, sign, sourceWith, text } from './signed-delivery.ts';

const translate = (body: string, headers: Readonly<Record<string, string | undefined>> = {}) =>
  cloudEventsAdapter.translate(sourceWith(secret), delivery(sign(body), headers));

const batchOf = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_none, index) => ({ ...event, id: `event-${index}` })));

const batchType = { 'content-type': 'application/cloudevents-batch+json' };
const faultsOf = (translation: ReturnType<typeof translate>) =>
  translation.kind === 'invalid' ? translation.faults.map(({ field }) => field) : translation.kind;

describe('the content of a delivery', () => {
  it.each([
    'application/cloudevents+json',
    'Application/CloudEvents+JSON',
    'application/cloudevents+json; charset=utf-8',
    'application/cloudevents+json;charset="UTF-8"',
    'application/cloudevents+json; profile=x',
  ])('is an event when its type is %s', (contentType) => {
    const translation = translate(text, { 'content-type': contentType });
    expect(translation).toMatchObject({ kind: 'events', events: [{ id: 'event-1', subject: 'a' }] });
  });

  it.each([
    undefined,
    '',
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/cloudevents',
    'application/cloudevents+xml',
    'application/cloudevents+json; charset=utf-16',
    'application/cloudevents+json; charset=iso-8859-1',
    'application/cloudevents-batch+json; charset=latin1',
  ])('is not taken when its type is %s', (contentType) => {
    expect(translate(text, { 'content-type': contentType }).kind).toBe('unsupported');
  });

  it('is not taken in binary mode, whose headers nobody has signed', () => {
    const headers = {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-type': 'asset.archive',
      'ce-source': '/dam',
      'ce-subject': 'a',
    };
    const translation = translate('{}', headers);
    expect(translation.kind === 'unsupported' && translation.message).toContain('binary mode');
  });

  it.each([
    ['gzip', 'unsupported'],
    ['br', 'unsupported'],
    ['identity', 'events'],
  ])('compressed as %s is %s', (encoding, kind) => {
    expect(translate(text, { 'content-encoding': encoding }).kind).toBe(kind);
  });

  it.each([1, 2, 100])('may be a batch of %i', (count) => {
    const translation = translate(batchOf(count), batchType);
    expect(translation.kind === 'events' && translation.events.map(({ id }) => id)).toEqual(
      Array.from({ length: count }, (_none, index) => `event-${index}`),
    );
  });

  it.each([0, 101])('may not be a batch of %i', (count) => {
    expect(faultsOf(translate(batchOf(count), batchType))).toEqual(['(body)']);
  });

  it('is one event or a batch, as its type says', () => {
    expect(faultsOf(translate(batchOf(1)))).toEqual(['(body)']);
    expect(faultsOf(translate(text, batchType))).toEqual(['(body)']);
  });

  it.each(['', ' ', '{', '{"a":1,}', '{/*x*/}', 'NaN', '\ufeff{}', "{'a':1}"])(
    'is no JSON when it is %j',
    (body) => {
      for (const headers of [{}, batchType]) {
        expect(translate(body, headers)).toEqual({
          kind: 'invalid',
          faults: [{ field: '(body)', message: 'is not JSON' }],
        });
      }
    },
  );

  it.each(['null', '[]', '"x"', '1e999'])('is no event when it is %s', (body) => {
    expect(faultsOf(translate(body))).toEqual(['(body)']);
  });

  it('names every fault of every event of a batch, and gives none of its events', () => {
    const { subject: _subject, ...nameless } = event;
    const batch = [event, nameless, { ...event, type: 'asset.delete', data: { why: 'x' } }, 7];
    expect(faultsOf(translate(JSON.stringify(batch), batchType))).toEqual([
      '[1].subject',
      '[2].data.why',
      '[3]',
    ]);
  });

  it('takes the last of two equal keys', () => {
    const translation = translate(`{"subject":"first",${text.slice(1)}`);
    expect(translation).toMatchObject({ kind: 'events', events: [{ subject: 'a' }] });
  });

  it('may be nested deeper than any stack', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(faultsOf(translate(deep))).toEqual(['(body)']);
    expect(faultsOf(translate(deep, batchType))).toEqual(['[0]']);
  });

  it('with twenty thousand unknown keys is refused with all of them', () => {
    const keys = Array.from({ length: 20_000 }, (_none, index) => `"k${index}":1`).join(',');
    const body = JSON.stringify({ ...event, type: 'asset.metadata', data: 0 }).replace(
      '"data":0',
      `"data":{"metadata":{${keys}}}`,
    );
    const translation = translate(body);
    expect(faultsOf(translation)).toContain('data.metadata.k19999');
  });
});
