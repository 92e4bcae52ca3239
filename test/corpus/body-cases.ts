/** A signed body and what it is answered with. `body` may be a whole one, or what differs from a good event. */
export interface BodyCase {
  readonly name: string;
  readonly status: number;
  readonly why?: string;
  readonly body: string | Buffer | Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The fields that the answer must name. */
  readonly fields?: readonly string[];
}

const file = (more: Readonly<Record<string, unknown>>) => ({
  data: { file: { url: 'https://cdn.acme.com/a.pdf', name: 'a.pdf', ...more } },
});
const invalid = (name: string, body: BodyCase['body'], ...fields: string[]): BodyCase => {
  return { name, status: 400, body, ...(fields.length > 0 && { fields }) };
};
const tooLarge = (name: string, body: string): BodyCase => ({ name, status: 413, body });
const manyKeys = Array.from({ length: 100_000 }, (_none, index) => `"key${index}":1`).join(',');

export const bodyCases: readonly BodyCase[] = [
  invalid('b-empty', '', '(body)'),
  invalid('b-null', 'null', '(body)'),
  invalid('b-array', '[]', '(body)'),
  invalid('b-string', '"x"', '(body)'),
  invalid('b-number', '1e999', '(body)'),
  invalid('b-nan', 'NaN', '(body)'),
  invalid('b-trailing-comma', '{"a":1,}', '(body)'),
  invalid('b-comment', '{/*x*/}', '(body)'),
  {
    name: 'b-dup-key',
    status: 202,
    why: 'the last of equal keys counts, as JSON.parse has it: an archive here',
    body: '{"specversion":"1.0","id":"event-1","source":"/dam","subject":"a","time":"2026-01-01T00:00:00Z","type":"asset.restore","type":"asset.archive"}',
  },
  invalid('b-proto', '{"__proto__":{"polluted":1}}', 'id', 'type'),
  invalid('b-constructor', '{"constructor":{"prototype":{"polluted":1}}}', 'id', 'type'),
  invalid('b-depth-100k', '['.repeat(100_000) + ']'.repeat(100_000), '(body)'),
  tooLarge('b-keys-100k', `{${manyKeys}}`),
  tooLarge('b-1MiB+1', 'x'.repeat(1_048_577)),
  tooLarge('b-6MB', 'x'.repeat(6_000_000)),
  { name: 'b-invalid-utf8', status: 401, body: Buffer.from('7bff7d', 'hex') },
  invalid('b-lone-surrogate', JSON.stringify(file({ name: '\ud800' })), 'data.file.name'),
  invalid('b-nul', file({ name: 'a\u0000b' }), 'data.file.name'),
  invalid('b-bigint', '{"data":{"file":{"size":9007199254740993}}}', 'data.file.size'),
  invalid('b-negative-size', file({ size: -1 }), 'data.file.size'),
  invalid('b-float-size', file({ size: 1.5 }), 'data.file.size'),
  {
    name: 'b-size-6TB',
    status: 202,
    why: 'how large a file may be is a matter of its job, which fails with FILE_TOO_LARGE before a byte is fetched',
    body: file({ size: 6e12 }),
  },
  invalid('b-id-10k', { subject: 'x'.repeat(10_000) }, 'subject'),
  invalid('b-id-newline', { subject: 'a\nb' }, 'subject'),
  { name: 'b-id-quote', status: 202, why: 'it is only ever sent encoded', body: { subject: '" OR 1=1' } },
  { name: 'b-id-comma', status: 202, why: 'its external id holds no comma', body: { subject: 'a,b' } },
  { name: 'b-id-case', status: 202, why: 'EXT-1 and ext-1 are two subjects', body: { subject: 'EXT-1' } },
  {
    name: 'b-id-unicode',
    status: 202,
    why: 'a subject is taken as it is written: composed and decomposed are two',
    body: { subject: 'e\u0301' },
  },
  invalid('b-regex-dos', { subject: `${'a'.repeat(50_000)}!`, time: '1'.repeat(50_000) }, 'subject', 'time'),
  { name: 'b-gzip', status: 415, body: {}, headers: { 'content-encoding': 'gzip' } },
  { name: 'b-form', status: 415, body: {}, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  {
    name: 'b-version-old',
    status: 202,
    why: 'an older event changes nothing that a newer one has set',
    body: { id: 'event-0', time: '2025-01-01T00:00:00Z', ...file({ name: 'old.pdf' }) },
  },
];
