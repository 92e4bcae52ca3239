import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanFileName, cleanTitle } from '../../lib/file-name.ts';

const units = '.|/|\\|%2|e|"|\r|\n|\0|\u202e|\u200b|\u200d|a|:|~|-|<|é|😀| |nul|.pdf|\ud800'.split('|');

describe('a clean file name', () => {
  it.each([
    ['Q3 Report (final) – v2.pdf'],
    ['Präsentation für Müller & Söhne.pptx'],
    ['文件 😀.pdf'],
    ['می‌خواهم.pdf'],
    ['👨‍👩‍👧.png'],
    ['100% organic.pdf'],
    ['a.tar.gz'],
    ['noextension'],
  ])('stays as it is: %s', (name) => {
    expect(cleanFileName(name)).toBe(name);
  });

  it('keeps its extension when it is cut, and no character is cut in two', () => {
    expect(cleanFileName(`${'a'.repeat(300)}.pdf`)).toBe(`${'a'.repeat(196)}.pdf`);
    expect(cleanFileName(`${'é'.repeat(120)}.pptx`)).toBe(`${'é'.repeat(97)}.pptx`);
    expect(cleanFileName(`${'😀'.repeat(60)}.pdf`)).toBe(`${'😀'.repeat(49)}.pdf`);
  });

  it('is safe wherever a name goes, whatever it was, and clean when it is cleaned again', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom(...units),
      }),
    );
    fc.assert(
      fc.property(hostile, (name) => {
        const clean = cleanFileName(name);
        expect(clean).not.toBe('');
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[/\\<>:"|?*\p{Cc}\u202a-\u202e\u2066-\u2069\u200b\ufeff]|%[0-9a-f]{2}/iu);
        expect(clean).not.toMatch(/^[.~\s-]|[.\s]$/);
        expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(200);
        expect(clean.normalize('NFC')).toBe(clean);
        expect(cleanFileName(clean)).toBe(clean);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes no longer for a hostile name than for another', () => {
    const began = performance.now();
    for (const unit of ['.', ' ', '%2', '\u200d', '/', 'nul.', '\u202ea']) cleanFileName(unit.repeat(50_000));
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a clean title', () => {
  it('may hold what a file name may not, and nothing that cannot be seen', () => {
    expect(cleanTitle('24/7: “Support”?')).toBe('24/7: “Support”?');
    expect(cleanTitle(' in\u202evoice\u200b\u2028e\u0301 ')).toBe('invoiceé');
    expect(cleanTitle('\u200b\u202e')).toBe('');
  });
});
