import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetKey, externalIdOf } from '../../lib/asset-key.ts';

const externalId = (subject: string): string => externalIdOf(assetKey('demo', subject));

describe('the external id of an asset', () => {
  it('is source and subject where Showpad can hold them', () => {
    expect(externalId('brochure-7')).toBe('demo:brochure-7');
    expect(externalId('a:b/c d?e=ü')).toBe('demo:a:b/c d?e=ü');
    expect(externalId('x'.repeat(123))).toBe(`demo:${'x'.repeat(123)}`);
  });

  it.each([
    ['longer than 128 characters', 'x'.repeat(124)],
    ['of the greatest length', 'x'.repeat(1024)],
    ['with a comma, which would name two assets in a filter', 'a,b'],
    ['that ends in a space', 'a '],
    ['that ends in a no-break space', 'a\u00a0'],
    ['with a character cut in two at the limit', `${'x'.repeat(89)}😀${'y'.repeat(60)}`],
  ])('of a subject %s is shortened to something readable and a hash', (_what, subject) => {
    const id = externalId(subject);
    expect(id).toMatch(/^demo:.*~[0-9a-f]{32}$/);
    expect(id.length).toBeLessThanOrEqual(128);
    expect(id).not.toContain(',');
    expect(id.trim()).toBe(id);
    expect(id.isWellFormed()).toBe(true);
  });

  it('never changes, because assets are found by it', () => {
    expect(externalId('a,b')).toBe('demo:a_b~9318f97d40007d9806242949d26d45d1');
    expect(externalId('x'.repeat(200))).toBe(`demo:${'x'.repeat(90)}~9c513dacbc483776426d330063f70056`);
  });

  const subjects = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('a', ',', ' ', '_', '~'), minLength: 1, maxLength: 4 }),
    fc.string({ unit: fc.constantFrom('x', 'y', '😀'), minLength: 115, maxLength: 135 }),
  );

  it('is storable and findable for every subject', () => {
    fc.assert(
      fc.property(subjects, (subject) => {
        const id = externalId(subject);
        expect(id).toMatch(/^[^,]{1,128}$/su);
        expect(id.length).toBeLessThanOrEqual(128);
        expect(id.trim()).toBe(id);
      }),
    );
  });

  it('is shared by no two subjects', () => {
    fc.assert(
      fc.property(subjects, subjects, (left, right) => {
        expect(externalId(left) === externalId(right)).toBe(left === right);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not that of a subject that looks like the shortened one', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 124, maxLength: 140, unit: fc.constantFrom('x', ',') }),
        (subject) => {
          const shortened = externalId(subject);
          expect(externalId(shortened.slice('demo:'.length))).not.toBe(shortened);
        },
      ),
    );
  });

  it('differs between sources', () => {
    expect(externalIdOf(assetKey('a', 'b:c'))).not.toBe(externalIdOf(assetKey('b', 'a:c')));
    expect(assetKey('a', 'b:c')).toBe('a:b:c');
  });
});
