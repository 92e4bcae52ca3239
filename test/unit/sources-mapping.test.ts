import { describe, expect, it } from 'vitest';
import { applyMapping, takeValue } from '../../lib/sources/apply-mapping.ts';
import { mappingSchema, mergeMappings, type Rule } from '../../lib/sources/mapping.ts';
import { parseSources } from '../../lib/sources/source-list.ts';
import { publishedAsset } from '../fixtures/vendors/contentful.ts';
import { eventsOf, faultsOf, sourceOf } from './vendor-source.ts';

const body = {
  title: { de: 'Blatt', en: ' Sheet ' },
  blank: '  ',
  region: 'EMEA',
  keywords: 'one; two ;;one',
  list: ['a', ['b'], 'a', null, ''],
  confidential: 'true',
  since: 1_767_225_600,
  sinceMs: '1767225600000',
  day: '2026-01-01',
  size: '42',
  hash: '0B40494DA087CBA7092D29C58AEDE2E2',
  link: '//cdn.example/a.pdf',
  extension: ['pdf'],
  number: 7,
  kind: 'constructor',
};
const reading = { body, headers: { 'x-kind': 'sheet' }, parameters: { locale: 'de' } };

/** A rule as the configuration has it. */
function rule(name: string, text: unknown): Rule {
  const parsed = mappingSchema.parse({
    [name.includes('file.') ? 'file' : 'metadata']: { [name.replace('file.', '')]: text },
  });
  const found = Object.values(parsed.file ?? parsed.metadata ?? {}).find((one) => one !== undefined);
  if (found === undefined || found === null) throw new Error('There is no rule.');
  return found;
}
const take = (name: string, text: unknown) => takeValue(name.replace('file.', ''), rule(name, text), reading);

describe('a rule', () => {
  it.each<[string, string, unknown, unknown, string]>([
    ['a path', 'name', 'title.en', ' Sheet ', 'title.en'],
    [
      'the first path that has a value',
      'name',
      { path: ['title.fr', 'blank', 'title.{locale}'] },
      'Blatt',
      'title.de',
    ],
    ['a header', 'name', { header: 'x-kind' }, 'sheet', 'header x-kind'],
    ['a fixed value', 'division', { value: { name: 'Marketing' } }, { name: 'Marketing' }, 'a fixed value'],
    ['a default', 'name', { path: 'title.fr', default: 'None' }, 'None', 'default (nothing at title.fr)'],
    [
      'null, which clears',
      'description',
      { path: 'title.fr', default: null },
      null,
      'default (nothing at title.fr)',
    ],
    ['nothing', 'name', 'title.fr', undefined, 'nothing at title.fr'],
    [
      'a table',
      'division',
      { path: 'region', table: { EMEA: { name: 'Europe' } } },
      { name: 'Europe' },
      'region (table)',
    ],
    [
      'what stands for the rest in a table',
      'division',
      { path: 'region', table: { '*': 'abc' } },
      'abc',
      'region (table)',
    ],
    [
      'nothing of what a table does not list',
      'division',
      { path: 'region', table: { A: 1 } },
      undefined,
      'not in the table: region',
    ],
    [
      'the rest of a table for what every object has',
      'division',
      { path: 'kind', table: { EMEA: 1, '*': 2 } },
      2,
      'kind (table)',
    ],
    ['the parts of a text', 'tags', { path: 'keywords', split: ';' }, ['one', 'two'], 'keywords'],
    ['every item of a list, once', 'tags', 'list', ['a', 'b'], 'list'],
    ['a single value as a list', 'languages', 'title.de', ['Blatt'], 'title.de'],
    [
      'a table for each item',
      'countries',
      { path: 'list[*]', table: { a: ['DE', 'FR'], b: 'GB' } },
      ['DE', 'FR', 'GB'],
      'list[0], list[1], list[2] (table)',
    ],
    ['true and false as texts', 'isSensitive', 'confidential', true, 'confidential'],
    ['Unix seconds', 'expiresAt', { path: 'since', date: 'unix' }, '2026-01-01T00:00:00.000Z', 'since'],
    [
      'Unix milliseconds',
      'expiresAt',
      { path: 'sinceMs', date: 'unix-ms' },
      '2026-01-01T00:00:00.000Z',
      'sinceMs',
    ],
    ['a day', 'expiresAt', { path: 'day', date: 'day' }, '2026-01-01T00:00:00Z', 'day'],
    ['a date of another form as it is', 'expiresAt', { path: 'region', date: 'unix' }, 'EMEA', 'region'],
    ['a number as a text', 'file.size', 'size', 42, 'size'],
    ['a text from a number', 'name', 'number', '7', 'number'],
    ['a digest in lower case', 'file.md5', 'hash', '0b40494da087cba7092d29c58aede2e2', 'hash'],
    ['a link without a scheme', 'file.url', 'link', 'https://cdn.example/a.pdf', 'link'],
    ['an extension', 'file.name', { path: 'title.de', extension: 'extension' }, 'Blatt.pdf', 'title.de'],
  ])('takes %s', (_what, name, text, value, origin) => {
    expect(take(name, text)).toEqual(value === undefined ? { origin } : { value, origin });
  });

  it.each<[string, unknown, string]>([
    ['an unknown field', { metadata: { titel: 'a' } }, 'vendor.mapping.metadata'],
    ['no path', { metadata: { name: 'a..b' } }, 'vendor.mapping.metadata.name.path.0: must be a path'],
    ['a path and a value', { metadata: { name: { path: 'a', value: 'b' } } }, 'must have either "path"'],
    [
      'an unknown part of a rule',
      { metadata: { name: { path: 'a', javascript: '1' } } },
      'vendor.mapping.metadata.name',
    ],
    [
      'an unknown form of a date',
      { metadata: { expiresAt: { path: 'a', date: 'DD/MM' } } },
      'must be day, unix or unix-ms',
    ],
    ['a number', { metadata: { name: 7 } }, 'vendor.mapping.metadata.name'],
  ])('is refused with %s, by name', (_what, mapping, message) => {
    const settings = { adapter: 'contentful', secrets: ['ab'.repeat(32)], mapping };
    expect(() => parseSources(JSON.stringify({ vendor: settings }))).toThrow(message);
  });
});

describe('a mapping', () => {
  it("takes the source's own rules before the adapter's, and none for null", () => {
    const defaults = mappingSchema.parse({
      file: { url: 'a', md5: 'b' },
      metadata: { name: 'c', tags: 'd' },
    });
    const own = mappingSchema.parse({ file: { md5: null }, metadata: { name: 'e' } });
    const merged = mergeMappings(defaults, own);
    expect(merged.file).toEqual({ url: { path: ['a'] }, md5: null });
    expect(merged.metadata).toEqual({ name: { path: ['e'] }, tags: { path: ['d'] } });
  });

  it('nests rights, and gives a title the extension of its file', () => {
    const mapping = mappingSchema.parse({
      file: { url: 'link', name: { value: 'a.PDF' } },
      metadata: { name: 'title.en', 'permissions.isShareable': { value: false } },
    });
    expect(applyMapping(mapping, reading).data).toEqual({
      file: { url: 'https://cdn.example/a.pdf', name: 'a.PDF' },
      metadata: { name: ' Sheet .PDF', permissions: { isShareable: false } },
    });
  });

  it('makes a URL asset where it names a link and no file', () => {
    const mapping = mappingSchema.parse({ file: { url: null }, url: { value: 'https://acme.example' } });
    expect(applyMapping(mapping, reading).data).toEqual({ url: 'https://acme.example' });
  });
});

describe('hostile payloads', () => {
  const topic = { 'x-contentful-topic': 'ContentManagement.Asset.publish' };
  const source = sourceOf({
    adapter: 'contentful',
    secrets: ['ab'.repeat(32)],
    mapping: { metadata: { tags: 'fields.deep', lockedPages: 'fields.deep', name: 'fields.deep' } },
  });
  const withDeep = (deep: string): string =>
    JSON.stringify({ ...publishedAsset, fields: { ...publishedAsset.fields, deep: '@' } }).replace(
      '"@"',
      deep,
    );

  it.each([
    ['a hundred thousand lists in each other', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a hundred thousand objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('%s are a fault like any other', (_what, deep) => {
    expect(faultsOf(source, withDeep(deep), topic).length).toBeGreaterThan(0);
  });

  it('keys that only objects have lead nowhere and pollute nothing', () => {
    const text = JSON.stringify(publishedAsset).replace('"title"', '"__proto__":{"polluted":1},"title"');
    expect(eventsOf(source, text, topic)).toHaveLength(1);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('what a source maps for itself', () => {
  const topic = { 'x-contentful-topic': 'ContentManagement.Asset.publish' };
  const settings = (mapping: unknown) =>
    sourceOf({ adapter: 'contentful', secrets: ['ab'.repeat(32)], mapping });

  it('is in its events', () => {
    const source = settings({
      metadata: {
        division: { path: 'sys.space.sys.id', table: { cfexampleapi: { name: 'Marketing' } } },
        tags: { path: 'metadata.tags[*].sys.id', table: { nyCampaign: 'New York' } },
        languages: { value: ['en'] },
        isSensitive: { value: true },
        name: null,
      },
    });
    const metadata = {
      division: { name: 'Marketing' },
      tags: ['New York'],
      languages: ['en'],
      isSensitive: true,
    };
    expect(eventsOf(source, publishedAsset, topic)).toMatchObject([{ data: { metadata } }]);
  });

  it('is judged like everything else, and says where a bad value came from', () => {
    const source = settings({
      metadata: { countries: 'fields.title.*', expiresAt: 'sys.id', isSensitive: 'sys.id' },
    });
    expect(faultsOf(source, publishedAsset, topic)).toEqual([
      'data.metadata.countries[0] must be a country code of two capital letters (ISO 3166-1), such as DE (from fields.title.en-US, fields.title.de-DE)',
      'data.metadata.countries[1] must be a country code of two capital letters (ISO 3166-1), such as DE (from fields.title.en-US, fields.title.de-DE)',
      'data.metadata.isSensitive Invalid input: expected boolean, received string (from sys.id)',
      'data.metadata.expiresAt must be an instant with a time zone, such as 2026-11-30T09:00:00Z (from sys.id)',
    ]);
  });
});
