import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeTime } from '../../lib/event-order.ts';
import { parseCloudEvent, type Fault } from '../../lib/events.ts';

const receivedAt = new Date('2026-06-01T12:00:00Z');
const envelope = {
  specversion: '1.0',
  id: 'event-1',
  source: '/dam',
  type: 'asset.archive',
  subject: 'brochure-7',
  time: '2026-01-01T00:00:00Z',
};
const file = { url: 'https://cdn.example.com/a.pdf', name: 'a.pdf' };
const pages = [{ start: 1, end: 3 }];

function parse(body: unknown) {
  return parseCloudEvent(body, receivedAt);
}
function faultsOf(body: unknown): readonly Fault[] {
  const parsed = parse(body);
  return 'faults' in parsed ? parsed.faults : [];
}
const fieldsOf = (body: unknown): string[] => faultsOf(body).map(({ field }) => field);
const withData = (type: string, data: unknown) => ({ ...envelope, type, data });
const withMetadata = (metadata: unknown) => withData('asset.upsert', { file, metadata });
function dataOf(body: unknown): unknown {
  const parsed = parse(body);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return 'data' in parsed.event ? parsed.event.data : undefined;
}

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
    ['a number', 1e999],
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
    ['size', 9_007_199_254_740_993],
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

/** Every metadata field of the contract, with every form it may have. */
const accepted: [string, unknown[]][] = [
  ['name', ['Brochure', 'x'.repeat(255)]],
  ['description', ['', 'two\nlines', null]],
  ['division', ['0123', { id: '0123' }, { name: 'Sales' }]],
  ['tags', [[], ['a'], [{ id: 'a' }, { name: 'b', category: 'c' }]]],
  ['languages', [[], ['en', 'pt-BR', 'zh-Hant-TW']]],
  ['countries', [[], ['DE', 'GB']]],
  ['authors', [[], ['jo@example.com', { id: '1' }]]],
  [
    'permissions',
    [{}, { isShareable: true }, { isShareable: false, isAnnotatable: true, isEditable: false }],
  ],
  ['isProcessedUsed', [true, false]],
  ['isDivisionShared', [true, false]],
  ['isSensitive', [true, false]],
  ['isRenderExternalAllowed', [true, false]],
  ['isOnlyEntireDocumentShareable', [true, false]],
  ['isSpeakerNotesEnabled', [true, false]],
  ['lockedPages', [[], pages, [{ start: 2, end: 2 }]]],
  ['enforcedPages', [null, {}, { prepend: pages, append: null }]],
  ['downloadableInternal', [[], ['original'], ['original', 'pdf']]],
  ['downloadableExternal', [[], ['pdf']]],
  ['expiresAt', [null, '2026-01-01T00:00:00.000Z']],
  ['releasedAt', [null, '2026-01-01T00:00:00.000Z']],
  ['draftedAt', [null, '2026-01-01T00:00:00.000Z']],
  [
    'localization',
    [
      null,
      {
        primary: { asset: { id: 'a' } },
        variants: [
          { asset: { id: 'b' }, status: 'localized' },
          { asset: { languages: [{ code: 'de' }], countries: [{ code: 'DE' }], authors: [{ id: '1' }] } },
        ],
      },
    ],
  ],
];

const variant = { asset: { id: 'b' } };
const refused: [string, unknown, string][] = [
  ['name', null, 'name'],
  ['name', '', 'name'],
  ['name', 'a\nb', 'name'],
  ['name', 'a\u0000b', 'name'],
  ['name', 'a\ud800', 'name'],
  ['name', 'x'.repeat(256), 'name'],
  ['description', 7, 'description'],
  ['description', 'x'.repeat(20_001), 'description'],
  ['description', 'a\ud800', 'description'],
  ['description', 'a\u0000b', 'description'],
  ['division', null, 'division'],
  ['division', { id: 'a', name: 'b' }, 'division'],
  ['division', '', 'division'],
  ['tags', null, 'tags'],
  ['tags', [7], 'tags[0]'],
  ['languages', ['xx-'], 'languages[0]'],
  ['languages', ['en', 'english'], 'languages[1]'],
  ['languages', [{ code: 'en' }], 'languages[0]'],
  ['countries', ['UK'], 'countries[0]'],
  ['countries', ['DE', 'de'], 'countries[1]'],
  ['countries', 'DE', 'countries'],
  ['authors', ['jo'], 'authors[0]'],
  ['authors', [{ email: 'jo@example.com' }], 'authors[0]'],
  ['permissions', null, 'permissions'],
  ['permissions', { isShareable: null }, 'permissions.isShareable'],
  ['permissions', { isDownloadable: true }, 'permissions.isDownloadable'],
  ['isProcessedUsed', null, 'isProcessedUsed'],
  ['isDivisionShared', 'true', 'isDivisionShared'],
  ['isSensitive', 1, 'isSensitive'],
  ['isRenderExternalAllowed', [], 'isRenderExternalAllowed'],
  ['isOnlyEntireDocumentShareable', {}, 'isOnlyEntireDocumentShareable'],
  ['isSpeakerNotesEnabled', 'yes', 'isSpeakerNotesEnabled'],
  ['lockedPages', [{ start: 3, end: 2 }], 'lockedPages[0]'],
  ['lockedPages', [{ start: 0, end: 2 }], 'lockedPages[0].start'],
  ['lockedPages', [{ start: 1 }], 'lockedPages[0].end'],
  ['lockedPages', [{ start: 1.5, end: 2 }], 'lockedPages[0].start'],
  ['enforcedPages', { prepend: [{ start: 2, end: 1 }] }, 'enforcedPages.prepend[0]'],
  ['enforcedPages', { middle: [] }, 'enforcedPages.middle'],
  ['downloadableInternal', ['docx'], 'downloadableInternal[0]'],
  ['downloadableExternal', null, 'downloadableExternal'],
  ['expiresAt', '2026-01-01', 'expiresAt'],
  ['expiresAt', '2026-13-01T00:00:00Z', 'expiresAt'],
  ['expiresAt', '0000-01-01T00:00:00+01:00', 'expiresAt'],
  ['releasedAt', 1_764_493_200, 'releasedAt'],
  ['draftedAt', 'tomorrow', 'draftedAt'],
  ['localization', { primary: { asset: { id: 'a' } } }, 'localization.variants'],
  [
    'localization',
    { primary: { asset: { id: 'a' } }, variants: Array.from({ length: 51 }, () => variant) },
    'localization.variants',
  ],
  [
    'localization',
    { primary: { asset: { id: 'a' } }, variants: [{ asset: { languages: [{ code: 'de' }] } }] },
    'localization.variants[0]',
  ],
  [
    'localization',
    { primary: { asset: { id: 'a' } }, variants: [{ ...variant, status: 'done' }] },
    'localization.variants[0].status',
  ],
  ['externalId', 'x', 'externalId'],
  ['isArchived', true, 'isArchived'],
  ['constructor', {}, 'constructor'],
];

describe('metadata', () => {
  it.each(accepted)('takes %s in each of its forms, and nothing is added to it', (name, values) => {
    for (const value of values) {
      expect(dataOf(withMetadata({ [name]: value }))).toStrictEqual({ file, metadata: { [name]: value } });
    }
  });

  it('takes all fields at once', () => {
    const all = Object.fromEntries(accepted.map(([name, values]) => [name, values.at(-1)]));
    expect(Object.keys(all)).toHaveLength(22);
    expect(dataOf(withMetadata(all))).toStrictEqual({ file, metadata: all });
    expect(dataOf(withData('asset.metadata', { metadata: all }))).toStrictEqual({ metadata: all });
  });

  it('never gains a field that the source did not send, nor loses one', () => {
    const some = fc
      .subarray(accepted)
      .chain((fields) =>
        fc
          .tuple(
            ...fields.map(([name, values]) =>
              fc.constantFrom(...values.map((value) => [name, value] as const)),
            ),
          )
          .map((entries) => Object.fromEntries(entries)),
      );
    fc.assert(
      fc.property(some, (metadata) => {
        expect(dataOf(withMetadata(metadata))).toStrictEqual({ file, metadata });
      }),
    );
  });

  it('brings instants to UTC', () => {
    expect(dataOf(withMetadata({ expiresAt: '2026-12-31T23:30:00-01:00' }))).toEqual({
      file,
      metadata: { expiresAt: '2027-01-01T00:30:00.000Z' },
    });
  });

  it.each(refused)('names the field when %s is %j', (name, value, field) => {
    expect(fieldsOf(withMetadata({ [name]: value }))).toEqual([`data.metadata.${field}`]);
  });

  it('names every bad field at once', () => {
    const bad = { name: '', countries: ['UK'], expiresAt: 'x', shoeSize: 43, isSensitive: 'no' };
    expect(fieldsOf(withMetadata(bad)).toSorted()).toEqual([
      'data.metadata.countries[0]',
      'data.metadata.expiresAt',
      'data.metadata.isSensitive',
      'data.metadata.name',
      'data.metadata.shoeSize',
    ]);
  });

  it('names bad fields beside a file and a URL that exclude each other', () => {
    const data = { file, url: 'https://example.com', metadata: { shoeSize: 43 } };
    expect(fieldsOf(withData('asset.upsert', data)).toSorted()).toEqual(['data', 'data.metadata.shoeSize']);
  });

  it('tells nothing of the bad value itself', () => {
    const bad = {
      name: 1,
      authors: ['hunter2'],
      description: 2,
      expiresAt: 'hunter2',
      countries: ['hunter2'],
    };
    expect(JSON.stringify(faultsOf(withMetadata(bad)))).not.toContain('hunter2');
  });
});

describe('hostile JSON', () => {
  it('that names __proto__ is refused by that name and pollutes nothing', () => {
    for (const [where, field] of [
      ['{"metadata":{"name":"n","__proto__":{"polluted":1}}}', 'data.metadata.__proto__'],
      ['{"__proto__":{"polluted":1},"metadata":{"name":"n"}}', 'data.__proto__'],
      [
        '{"metadata":{"name":"n","permissions":{"__proto__":{"polluted":1}}}}',
        'data.metadata.permissions.__proto__',
      ],
    ] as const) {
      expect(fieldsOf(withData('asset.metadata', JSON.parse(where)))).toEqual([field]);
    }
    expect(
      parse(JSON.parse(`{"__proto__":{"polluted":1},${JSON.stringify(envelope).slice(1)}`)),
    ).toHaveProperty('event.id', 'event-1');
    expect({}).not.toHaveProperty('polluted');
  });

  const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  it.each(['name', 'description', 'division', 'permissions', 'isSensitive', 'enforcedPages', 'localization'])(
    'of a hundred thousand levels is refused as the %s',
    (name) => {
      expect(fieldsOf(withMetadata({ [name]: deep }))).toEqual([`data.metadata.${name}`]);
    },
  );
  it.each(['tags', 'languages', 'countries', 'authors', 'lockedPages'])(
    'of a hundred thousand levels is refused as an entry of the %s',
    (name) => {
      expect(fieldsOf(withMetadata({ [name]: deep }))).toEqual([`data.metadata.${name}[0]`]);
    },
  );
  it('of a hundred thousand levels is refused as an event, and let be where nobody looks', () => {
    expect(fieldsOf(deep)).toEqual(['(body)']);
    expect(fieldsOf({ ...envelope, extension: deep })).toEqual([]);
  });

  it('with lone surrogates in a URL is refused', () => {
    const url = 'https://example.com/\ud800';
    expect(fieldsOf(withData('asset.upsert', { file: { ...file, url } }))).toEqual(['data.file.url']);
    expect(fieldsOf(withData('asset.upsert', { url }))).toEqual(['data.url']);
  });

  it('never makes the check throw, and everything it lets in is well-formed text', () => {
    const pick = fc.oneof(
      fc.constantFrom<unknown>(...Object.values(envelope), ...accepted.flatMap(([, values]) => values)),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.jsonValue({ maxDepth: 3, noUnicodeString: false }),
      fc.constantFrom(
        '2026-01-01T00:00:00Z',
        '0000-01-01T00:00:00+01:00',
        '\ud800',
        '\u0000',
        'asset.upsert',
      ),
    );
    const names = [...accepted.map(([name]) => name), '__proto__', 'constructor'];
    const metadata = fc.dictionary(fc.constantFrom(...names), pick, { maxKeys: 4 });
    const data = fc.oneof(
      pick,
      fc.record({ metadata }),
      fc.record({ url: pick }),
      fc.record({
        file: fc.record(
          { url: fc.oneof(pick, fc.constant(file.url)), name: pick, mediaType: pick, size: pick },
          { requiredKeys: ['url', 'name'] },
        ),
      }),
    );
    const types = fc.constantFrom('asset.upsert', 'asset.metadata', 'asset.delete', 'x');
    const bodies = fc.oneof(
      pick,
      fc.record({ type: types, data }).map((part) => ({ ...envelope, ...part })),
      fc.dictionary(fc.constantFrom(...Object.keys(envelope), 'data', 'sequence'), pick),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const parsed = parse(body);
        if ('faults' in parsed) expect(parsed.faults.length).toBeGreaterThan(0);
        else expect(JSON.stringify(parsed.event)).not.toMatch(/\\u(d[89a-f]|0000)/);
      }),
      { numRuns: 3000 },
    );
  });
});
