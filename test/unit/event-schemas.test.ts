import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventSchemaFile } from '../../cli/event-schemas.ts';
import { eventDataSchemas } from '../../lib/events.ts';
import { envelope, faultsOf, file, fieldsOf, withData } from './event-faults.ts';
import { accepted, refused } from './metadata-examples.ts';

const types = Object.keys(eventDataSchemas);
const textOf = (type: string): string =>
  readFileSync(join(import.meta.dirname, '../..', eventSchemaFile(type)), 'utf8');
const ajv = new Ajv2020({ formats: { email: true } });
const schemas = new Map<string, ValidateFunction>(
  types.map((type) => [type, ajv.compile(JSON.parse(textOf(type)) as object)]),
);
const passes = (event: unknown, type: string): boolean => schemas.get(type)?.(event) === true;

type Event = ReturnType<typeof withData>;
const push = { recipients: ['jo@example.com'], file };
const good: Event[] = [
  withData('asset.upsert', { file }),
  withData('asset.upsert', {
    file: {
      ...file,
      mediaType: 'application/pdf; a=b',
      size: 0,
      md5: '0'.repeat(32),
      sha256: 'f'.repeat(64),
    },
  }),
  withData('asset.upsert', { url: 'https://example.com/a?b#c' }),
  withData('asset.metadata', { tags: { add: ['a', { id: 'b' }, { name: 'c', category: 'd' }], remove: [] } }),
  ...['asset.archive', 'asset.restore', 'asset.delete'].flatMap((type) => [
    { ...envelope, type } as Event,
    withData(type, null),
    withData(type, {}),
  ]),
  ...['tag.upsert', 'tag.delete'].flatMap((type) => [
    withData(type, { name: 'red' }),
    withData(type, { name: 'red', division: { name: 'Sales' } }),
  ]),
  withData('myfiles.upload', push),
  withData('myfiles.upload', { ...push, name: 'b.pdf', description: '', folder: `/${'0'.repeat(64)}/` }),
  ...accepted.flatMap(([name, values]) =>
    values.flatMap((value) => [
      withData('asset.upsert', { file, metadata: { [name]: value } }),
      withData('asset.metadata', { metadata: { name: 'n', [name]: value } }),
    ]),
  ),
  ...[
    { sequence: '00017' },
    { datacontenttype: 'Application/JSON; charset=utf-8' },
    { traceparent: 'whatever' },
    { extension: { any: [1] } },
    { time: '2026-01-01t00:00:00.123456789+01:00' },
  ].map((more) => ({ ...withData('asset.upsert', { file }), ...more })),
];

describe('the schemas of events', () => {
  it('are there for each type, and say what it is for', () => {
    for (const type of types) {
      expect(JSON.parse(textOf(type))).toMatchObject({
        title: type,
        description: expect.stringMatching(/\.$/),
      });
    }
  });

  it('let every good event pass', () => {
    for (const event of good) {
      expect([event, fieldsOf(event)]).toEqual([event, []]);
      expect([event, passes(event, event.type)]).toEqual([event, true]);
    }
  });

  it.each<[string, Event | object]>([
    ['no id', { ...withData('asset.archive', {}), id: undefined }],
    ['no subject', { ...withData('asset.archive', {}), subject: undefined }],
    ['an empty subject', { ...withData('asset.archive', {}), subject: '' }],
    ['a number for a time', { ...withData('asset.archive', {}), time: 1_764_493_200 }],
    ['another version', { ...withData('asset.archive', {}), specversion: '0.3' }],
    ['data in base64', { ...withData('asset.archive', {}), data_base64: 'e30=' }],
    ['data where there are none', withData('asset.delete', { reason: 'x' })],
    ['no data where there must be', { ...envelope, type: 'asset.upsert' }],
    ['neither file nor URL', withData('asset.upsert', { metadata: { name: 'n' } })],
    ['file and URL', withData('asset.upsert', { file, url: 'https://example.com' })],
    ['a file without a name', withData('asset.upsert', { file: { url: file.url } })],
    ['a file with a field too many', withData('asset.upsert', { file: { ...file, etag: 'x' } })],
    [
      'a request of ours',
      withData('asset.upsert', { requested: { name: 'a.pdf', request: 'https://x.example' } }),
    ],
    ['a negative size', withData('asset.upsert', { file: { ...file, size: -1 } })],
    ['an upper-case checksum', withData('asset.upsert', { file: { ...file, md5: 'A'.repeat(32) } })],
    ['nobody to push to', withData('myfiles.upload', { ...push, recipients: [] })],
    ['a tag without a name', withData('tag.upsert', {})],
  ])('let no event with %s pass', (_what, event) => {
    const sent = JSON.parse(JSON.stringify(event)) as Event;
    expect(faultsOf(sent)).not.toEqual([]);
    expect(passes(sent, sent.type)).toBe(false);
  });

  it('let no metadata pass that is of a wrong form, and tell of the rules that they cannot express', () => {
    const rules = refused.flatMap(([name, value]) => {
      const event = JSON.parse(
        JSON.stringify(withData('asset.upsert', { file, metadata: { [name]: value } })),
      ) as Event;
      return passes(event, 'asset.upsert') ? faultsOf(event).map(({ message }) => message) : [];
    });
    // What no schema says of texts, pages and dates.
    expect(new Set(rules)).toEqual(
      new Set([
        'must not hold line breaks or control characters',
        'must not hold control characters',
        'must be well-formed Unicode',
        'must be GB: UK is no ISO 3166-1 code',
        'must be an e-mail address',
        'must not start after its end',
        'must be an instant with a time zone, such as 2026-11-30T09:00:00Z',
        'must link an asset by id or name its languages and countries',
      ]),
    );
    const told = textOf('asset.upsert');
    for (const rule of rules.filter((one) => !/e-mail|instant/.test(one))) expect(told).toContain(rule);
    expect(told).toContain('An instant with a time zone, such as 2026-11-30T09:00:00Z.');
    expect(told).toContain('"format": "email"');
  });

  it('refuse nothing that would be taken', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(...accepted.flatMap(([, values]) => values), ...refused.map(([, one]) => one)),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const changed = fc
      .tuple(
        fc.constantFrom(...good),
        fc.constantFrom('id', 'subject', 'time', 'sequence', 'datacontenttype'),
        value,
      )
      .map(([event, name, other]) => ({ ...event, [name]: other }));
    const names = ['name', 'url', 'file', 'metadata', 'tags', 'recipients', 'division', 'folder'];
    const data = fc
      .tuple(fc.constantFrom(...good), fc.constantFrom(...names), value)
      .map(([event, name, other]) => ({ ...event, data: { ...(event.data as object), [name]: other } }));
    const metadata = fc
      .tuple(fc.constantFrom(...accepted.map(([name]) => name)), value)
      .map(([name, other]) => withData('asset.upsert', { file, metadata: { [name]: other } }));
    fc.assert(
      fc.property(fc.oneof(changed, data, metadata), (event) => {
        const sent = JSON.parse(JSON.stringify(event)) as Event;
        expect(passes(sent, event.type) || faultsOf(sent).length > 0).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
