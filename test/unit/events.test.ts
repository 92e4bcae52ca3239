import { describe, expect, it } from 'vitest';
import { normalizeTime } from '../../lib/event-order.ts';
import { parseCloudEvent } from '../../lib/events.ts';
import { dataOf, envelope, faultsOf, fieldsOf, file, parse, receivedAt, withData } from './event-faults.ts';

describe('the envelope of an event', () => {
  it('gives the event its place among those of its subject', () => {
    const parsed = parse({ ...envelope, sequence: '00017', traceparent: 'whatever' });
    expect(parsed).toMatchObject({
      event: { id: 'event-1', subject: 'brochure-7', type: 'asset.archive', order: '100017 event-1' },
    });
  });

  it('is placed by the time of its receipt where it has neither time nor sequence', () => {
    const { time: _time, ...timeless } = envelope;
    expect(parse(timeless)).toMatchObject({ event: { time: normalizeTime(receivedAt.toISOString()) } });
  });

  it('of an unknown type is ignored, whatever its data', () => {
    const parsed = parse(withData('asset.exploded', { anything: [1] }));
    expect(parsed).toMatchObject({ event: { type: 'ignored', ignoredType: 'asset.exploded' } });
    for (const type of ['constructor', '__proto__', 'toString']) {
      expect(parse(withData(type, 1))).toMatchObject({ event: { type: 'ignored', ignoredType: type } });
    }
  });

  it.each([
    ['id', 512],
    ['subject', 1024],
    ['type', 255],
    ['source', 2048],
  ])('has an attribute %s of 1 to %i characters', (attribute, maximum) => {
    expect(fieldsOf({ ...envelope, [attribute]: 'x'.repeat(maximum) })).toEqual([]);
    expect(fieldsOf({ ...envelope, [attribute]: 'x'.repeat(maximum + 1) })).toEqual([attribute]);
    for (const bad of ['', 1, null, [], {}, 'a\nb', 'a\u0000b', 'a\ud800b']) {
      expect(new Set(fieldsOf({ ...envelope, [attribute]: bad }))).toEqual(new Set([attribute]));
    }
    const { [attribute]: _missing, ...rest } = envelope as Record<string, unknown>;
    expect(faultsOf(rest)).toEqual([{ field: attribute, message: 'is missing' }]);
  });

  it.each([
    ['specversion', '0.3'],
    ['specversion', 1],
    ['time', 'yesterday'],
    ['time', '2026-02-30T00:00:00Z'],
    ['time', 1_764_493_200],
    ['time', null],
    ['sequence', ''],
    ['sequence', 'a b'],
    ['sequence', 'é'],
    ['sequence', 17],
    ['sequence', '0'.repeat(129)],
    ['datacontenttype', 'application/xml'],
    ['data_base64', 'e30='],
  ])('is refused for %s %j', (attribute, value) => {
    expect(fieldsOf({ ...envelope, [attribute]: value })).toEqual([attribute]);
  });

  it.each([
    ['null', null],
    ['a list', []],
    ['a text', 'x'],
    ['a number', Number.POSITIVE_INFINITY],
    ['nothing', undefined],
  ])('is no event when it is %s', (_what, body) => {
    expect(fieldsOf(body)).toEqual(['(body)']);
  });

  it('and its data are reported together, each fault with its place in the batch', () => {
    const parsed = parseCloudEvent({ type: 'asset.upsert', data: { file: { size: -1 } } }, receivedAt, [3]);
    expect('faults' in parsed && parsed.faults.map(({ field }) => field)).toEqual([
      '[3].specversion',
      '[3].id',
      '[3].source',
      '[3].subject',
      '[3].data.file.url',
      '[3].data.file.name',
      '[3].data.file.size',
    ]);
  });
});

describe('the data of an upsert', () => {
  it('is a file with all that is known of it', () => {
    const whole = {
      ...file,
      mediaType: 'application/pdf; charset=binary',
      size: 0,
      md5: '0'.repeat(32),
      sha256: 'f'.repeat(64),
    };
    expect(dataOf(withData('asset.upsert', { file: whole }))).toEqual({ file: whole });
    expect(dataOf(withData('asset.upsert', { file, metadata: {} }))).toEqual({ file, metadata: {} });
  });

  it('is the URL of a URL asset', () => {
    expect(dataOf(withData('asset.upsert', { url: 'https://example.com/a?b#c' }))).toEqual({
      url: 'https://example.com/a?b#c',
    });
  });

  it.each([
    ['both file and URL', { file, url: 'https://example.com' }],
    ['neither', { metadata: { name: 'n' } }],
    ['nothing', {}],
  ])('is refused with %s', (_what, data) => {
    expect(fieldsOf(withData('asset.upsert', data))).toEqual(['data']);
    expect(faultsOf(withData('asset.upsert', data))[0]?.message).toMatch(/file.*url/);
  });

  it('is refused when it is missing', () => {
    expect(faultsOf(withData('asset.upsert', undefined))).toEqual([{ field: 'data', message: 'is missing' }]);
    expect(fieldsOf(withData('asset.upsert', null))).toEqual(['data']);
  });

  it.each([
    ['url', 'a.pdf'],
    ['url', ''],
    ['url', `https://example.com/${'x'.repeat(8192)}`],
    ['url', null],
    ['name', ''],
    ['name', 'a\r\nb.pdf'],
    ['name', 'x'.repeat(256)],
    ['mediaType', 'pdf'],
    ['mediaType', 'application/pdf\r\nX-Evil: 1'],
    ['mediaType', null],
    ['size', -1],
    ['size', 1.5],
    ['size', '1'],
    ['size', Number.MAX_SAFE_INTEGER + 2],
    ['md5', 'A'.repeat(32)],
    ['md5', '0'.repeat(31)],
    ['sha256', '0'.repeat(65)],
    ['sha256', null],
    ['etag', 'x'],
  ])('is refused for a %s of %j', (field, value) => {
    expect(fieldsOf(withData('asset.upsert', { file: { ...file, [field]: value } }))).toEqual([
      `data.file.${field}`,
    ]);
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ftp://example.com/a'])(
    'is refused for a URL asset that leads to %s',
    (url) => {
      expect(fieldsOf(withData('asset.upsert', { url }))).toEqual(['data.url']);
    },
  );

  it.each(['a/b;\u0000', 'a/b;é', 'a/b; x=\ud83d\ude00', 'a/b;\u007f'])(
    'is refused for a media type that no header can carry',
    (mediaType) => {
      expect(fieldsOf(withData('asset.upsert', { file: { ...file, mediaType } }))).toEqual([
        'data.file.mediaType',
      ]);
    },
  );
});

describe('the data of a tag event', () => {
  it.each(['tag.upsert', 'tag.delete'])('of %s are the name of the tag, and its Division', (type) => {
    for (const division of ['0123', { id: '0123' }, { name: 'Sales' }]) {
      expect(dataOf(withData(type, { name: 'red', division }))).toEqual({ name: 'red', division });
    }
    expect(dataOf(withData(type, { name: 'x'.repeat(255) }))).toEqual({ name: 'x'.repeat(255) });
  });

  it.each<[string, unknown, string]>([
    ['no name', {}, 'data.name'],
    ['an empty name', { name: '' }, 'data.name'],
    ['a name with a line break', { name: 'a\nb' }, 'data.name'],
    ['a name of 256 characters', { name: 'x'.repeat(256) }, 'data.name'],
    ['an id for a name', { name: { id: '0123' } }, 'data.name'],
    ['a Division with an id and a name', { name: 'red', division: { id: '1', name: 'b' } }, 'data.division'],
    ['a Division that is null', { name: 'red', division: null }, 'data.division'],
    ['an unknown field', { name: 'red', colour: '#f00' }, 'data.colour'],
    ['nothing', null, 'data'],
  ])('are refused with %s', (_what, data, field) => {
    for (const type of ['tag.upsert', 'tag.delete']) expect(fieldsOf(withData(type, data))).toEqual([field]);
  });
});

describe('the data of the other events', () => {
  it.each(['asset.archive', 'asset.restore', 'asset.delete'])('of %s are empty', (type) => {
    for (const data of [{}, null, undefined]) expect(fieldsOf(withData(type, data))).toEqual([]);
    expect(fieldsOf(withData(type, { reason: 'x', metadata: {} }))).toEqual(['data.reason', 'data.metadata']);
  });

  it('of asset.metadata are metadata, tags to add or remove, or both', () => {
    const tags = { add: ['a', { id: 'b' }, { name: 'c', category: 'd' }, { name: 'e' }], remove: ['f'] };
    expect(dataOf(withData('asset.metadata', { tags }))).toEqual({ tags });
    expect(dataOf(withData('asset.metadata', { tags, metadata: { name: 'n' } }))).toEqual({
      tags,
      metadata: { name: 'n' },
    });
    expect(fieldsOf(withData('asset.metadata', { file }))).toContain('data.file');
  });

  it.each([{}, { metadata: {} }, { metadata: { permissions: {} } }, { tags: {} }])(
    'of asset.metadata ask for something, which %j does not',
    (data) => {
      expect(fieldsOf(withData('asset.metadata', data))).toEqual(['data']);
    },
  );

  it.each<[string, unknown, string]>([
    ['an empty tag', { add: [''] }, 'data.tags.add[0]'],
    ['a tag that is a number', { add: ['a', 1] }, 'data.tags.add[1]'],
    ['a tag with a line break', { remove: ['a\nb'] }, 'data.tags.remove[0]'],
    ['a tag of 256 characters', { remove: ['x'.repeat(256)] }, 'data.tags.remove[0]'],
    ['a tag with an id and a name', { add: [{ id: 'a', name: 'b' }] }, 'data.tags.add[0]'],
    ['a list that is none', { add: 'a' }, 'data.tags.add'],
    ['501 tags', { add: Array.from({ length: 501 }, () => 'a') }, 'data.tags.add'],
    ['an unknown verb', { add: ['a'], set: [] }, 'data.tags.set'],
  ])('are refused for %s', (_what, tags, field) => {
    const [fault, ...others] = fieldsOf(withData('asset.metadata', { tags }));
    expect(others).toEqual([]);
    expect(fault?.startsWith(field)).toBe(true);
  });
});
