import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelope, fieldsOf, file, parse, withData, withMetadata } from './event-faults.ts';
import { accepted } from './metadata-examples.ts';

describe('an event that a stranger words', () => {
  it('cannot have a file asked for with a stored credential: only an adapter can', () => {
    const requested = { name: 'a.pdf', request: 'https://evil.example/collect' };
    expect(fieldsOf(withData('asset.upsert', { requested }))).toEqual(['data.requested', 'data']);
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
