import { describe, expect, it } from 'vitest';
import { mergeFields, readObjectMetadata, readSidecar } from '../../lib/inbox/file-metadata.ts';
import { metadataText } from '../../lib/inbox/metadata-text.ts';

/** As a header is read that holds the bytes of UTF-8. */
const raw = (text: string): string => Buffer.from(text).toString('latin1');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe("the text of an object's own metadata", () => {
  it.each([
    ['plain ASCII', 'Sales kit', 'Sales kit'],
    ['an encoded word in base64', `=?UTF-8?B?${base64('Größe 日本')}?=`, 'Größe 日本'],
    ['an encoded word in quoted-printable', '=?utf-8?q?Gr=C3=B6=C3=9Fe_1?=', 'Größe 1'],
    ['a word among others', 'to =?UTF-8?Q?M=C3=BCnchen?= only', 'to München only'],
    ['two words that only a space separates', '=?UTF-8?Q?Gr=C3=B6?= =?UTF-8?Q?=C3=9Fe?=', 'Größe'],
    ['a character that two words hold', '=?UTF-8?Q?Gr=C3?= =?UTF-8?Q?=B6sse?=', 'Grösse'],
    ['words in two character sets', '=?UTF-8?Q?=C3=B6?= =?iso-8859-1?Q?=FC?=', 'öü'],
    ['a word with its language', '=?UTF-8*de?Q?=C3=B6?=', 'ö'],
    ['bytes of UTF-8 taken for Latin-1, as a server may give them', raw('Größe'), 'Größe'],
    ['the same in an encoded word, as S3 gives them', `=?UTF-8?B?${base64(raw('ö'))}?=`, 'ö'],
    ['Latin-1 that is no UTF-8', 'Gr\u00F6sse', 'Grösse'],
    ['a character set that nobody knows', '=?x-none?Q?=41?=', '=?x-none?Q?=41?='],
    ['bytes that are none of their set', '=?UTF-8?Q?=FF?=', '=?UTF-8?Q?=FF?='],
    ['what only looks like a word', '=?UTF-8?X?abc?= =?', '=?UTF-8?X?abc?= =?'],
    ['a percent sign', '100%25', '100%25'],
  ])('is read from %s', (_what, value, text) => {
    expect(metadataText(value)).toBe(text);
  });
});

describe('what the metadata of an object says', () => {
  it('is found by names without regard to case, hyphens and underscores', () => {
    const given = {
      Division: 'Marketing',
      tags: 'one; two ;',
      'is-sensitive': 'TRUE',
      is_shareable: 'false',
      'expires-at': '2027-01-01T00:00:00Z',
      description: '=?UTF-8?Q?=C3=BCber?=',
      'locked-pages': '[{"start":1,"end":2}]',
      mtime: '1700000000.5',
      'content-md5': 'x',
      key: 'not ours',
      name: '',
    };
    expect(readObjectMetadata(given)).toEqual({
      fields: {
        division: { name: 'Marketing' },
        tags: ['one', 'two'],
        isSensitive: true,
        permissions: { isShareable: false },
        expiresAt: '2027-01-01T00:00:00Z',
        description: 'über',
        lockedPages: [{ start: 1, end: 2 }],
      },
    });
    expect(readObjectMetadata({ division: '0123456789abcdef0123456789abcdef', expiresat: 'null' })).toEqual({
      fields: { division: '0123456789abcdef0123456789abcdef', expiresAt: null },
    });
  });

  it('is at fault where a name is known and its value is none', () => {
    expect(
      readObjectMetadata({ 'is-sensitive': 'yes', languages: 'en;English', isshareable: 'true' }),
    ).toEqual({
      faults: [
        { field: 'x-amz-meta-is-sensitive', message: 'must be true or false' },
        {
          field: 'x-amz-meta-languages[1]',
          message: 'must be a language code such as en or pt-BR',
        },
      ],
    });
  });
});

describe('what stands beside a file', () => {
  const key = 'inbox/demo/a.pdf.json';
  const read = (text: string | Buffer) => readSidecar(key, Buffer.from(text));

  it('is metadata, or the fields of it, with a byte order mark or without', () => {
    const fields = { description: 'ü', tags: ['one'] };
    expect(read(JSON.stringify(fields))).toEqual({ fields });
    expect(read(`\uFEFF${JSON.stringify({ metadata: fields })}`)).toEqual({ fields });
    expect(read('{}')).toEqual({ fields: {} });
  });

  it.each([
    ['no JSON', '{', [`${key} is not JSON`]],
    ['nothing', '', [`${key} is not JSON`]],
    ['no object', '[]', [`${key} must be a JSON object`]],
    ['null', 'null', [`${key} must be a JSON object`]],
    ['no UTF-8', Buffer.from('{"name":"\u00FC"}', 'latin1'), [`${key} is not UTF-8`]],
    [
      'fields that are not known, beside wrong ones',
      '{"title":"x","languages":["English"],"__proto__":{}}',
      [
        `${key}: languages[0] must be a language code such as en or pt-BR`,
        'title is not a known field',
        '__proto__ is not a known field',
      ],
    ],
    [
      'metadata with something else beside it',
      '{"metadata":{"name":1},"tags":[]}',
      [`${key}: metadata.name Invalid input: expected string, received number`, 'tags is not a known field'],
    ],
  ])('is at fault when it is %s', (_what, text, faults) => {
    const result = read(text);
    const told = 'faults' in result ? result.faults.map(({ field, message }) => `${field} ${message}`) : [];
    expect(told).toEqual(faults);
  });

  it('wins over what the object says, field by field', () => {
    const object = { name: 'a', tags: ['one'], permissions: { isShareable: true, isEditable: true } };
    const beside = { tags: ['two'], permissions: { isEditable: false } };
    expect(mergeFields(object, beside)).toEqual({
      name: 'a',
      tags: ['two'],
      permissions: { isShareable: true, isEditable: false },
    });
    expect(mergeFields({}, {})).toEqual({});
  });
});
