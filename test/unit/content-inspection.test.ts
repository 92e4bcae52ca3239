import { describe, expect, it } from 'vitest';
import { inspect, type Arrival } from '../../lib/content-inspection.ts';
import { sniffType } from '../../lib/sniff-type.ts';

const beginnings = {
  pdf: '%PDF-1.7\n',
  png: '\x89PNG\r\n\x1a\n',
  jpeg: '\xff\xd8\xff\xe0',
  zip: 'PK\x03\x04\x14\0',
  ole: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
  mp4: '\0\0\0\x18ftypmp42',
  mp3: 'ID3\x03',
  html: '\n<!-- hello --> <!DOCTYPE html><html>',
  svg: '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>',
  xml: '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
  elf: '\x7fELF\x02',
  text: 'Dear customer,',
} as const;
type Kind = keyof typeof beginnings;
const bytes = (kind: Kind): Buffer => Buffer.from(beginnings[kind], 'latin1');

function verdict(kind: Kind, name: string, more: Partial<Arrival> & { mediaType?: string } = {}): string {
  const { mediaType, ...rest } = more;
  const expected = { name, mediaType };
  const arrival = { expected, answered: null, allowedTypes: undefined, beginning: bytes(kind), ...rest };
  return inspect(arrival)?.code ?? 'taken';
}

describe('what a file shows', () => {
  it.each<[Kind, string | null]>([
    ['pdf', 'application/pdf'],
    ['png', 'image/png'],
    ['zip', 'application/zip'],
    ['mp4', 'video/mp4'],
    ['html', 'text/html'],
    ['svg', 'image/svg+xml'],
    ['xml', 'application/xml'],
    ['text', null],
  ])('%s is %s', (kind, type) => {
    expect(sniffType(bytes(kind))).toBe(type);
  });

  it('is found behind a byte order mark, in UTF-16, and where a PDF begins late', () => {
    expect(sniffType(Buffer.from('\ufeff<html>'))).toBe('text/html');
    expect(sniffType(Buffer.from('\ufeff<html>', 'utf16le'))).toBe('text/html');
    expect(sniffType(Buffer.from(`${'\0'.repeat(1_000)}%PDF-1.4`))).toBe('application/pdf');
  });

  it('is nothing for the markup that Office writes under its old names', () => {
    expect(sniffType(Buffer.from('<html xmlns:o="urn:schemas-microsoft-com:office:office">'))).toBeNull();
  });

  it('is a program only when it is one', () => {
    const program = Buffer.alloc(128);
    program.write('MZ');
    program.writeUInt32LE(64, 60);
    program.write('PE\0\0', 64);
    expect(sniffType(program)).toBe('application/vnd.microsoft.portable-executable');
    expect(sniffType(Buffer.from('MZ was here'))).toBeNull();
  });

  it('costs little, whatever it is', () => {
    const began = performance.now();
    for (const unit of ['<!---->', '<?x?>', '<', ' ', '<!--', '<?xml ']) {
      for (let run = 0; run < 20; run += 1) sniffType(Buffer.from(unit.repeat(4_096)));
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a file whose bytes are plainly not what its name says', () => {
  it.each<[Kind, string]>([
    ['html', 'a.pdf'],
    ['html', 'a.csv'],
    ['svg', 'a.png'],
    ['xml', 'a.pdf'],
    ['png', 'a.pdf'],
    ['pdf', 'a.docx'],
    ['elf', 'a.jpg'],
    ['zip', 'a.mp4'],
    ['pdf', 'a.txt'],
  ])('is refused: %s named %s', (kind, name) => {
    expect(verdict(kind, name)).toBe('TYPE_MISMATCH');
  });

  it.each<[Kind, string]>([
    ['pdf', 'a.PDF'],
    ['zip', 'a.pptx'],
    ['ole', 'a.pptx'],
    ['ole', 'a.doc'],
    ['png', 'a.jpg'],
    ['mp4', 'a.mov'],
    ['mp3', 'a.mp4'],
    ['html', 'a.html'],
    ['html', 'a.txt'],
    ['svg', 'a.svg'],
    ['xml', 'a.xml'],
    ['text', 'a.pdf'],
    ['elf', 'a.bin'],
    ['elf', 'noextension'],
  ])('is taken where it may well be right: %s named %s', (kind, name) => {
    expect(verdict(kind, name)).toBe('taken');
  });

  it('is judged by its media type where its name says nothing', () => {
    expect(verdict('html', 'report', { mediaType: 'application/pdf; version=1' })).toBe('TYPE_MISMATCH');
    expect(verdict('pdf', 'report', { mediaType: 'application/pdf' })).toBe('taken');
    expect(verdict('pdf', 'report', { mediaType: 'application/octet-stream' })).toBe('taken');
  });
});

describe('a source that may send some types only', () => {
  const pdfs = { allowedTypes: ['application/pdf'] };
  const pictures = { allowedTypes: ['image/*'] };

  it('sends those', () => {
    expect(verdict('pdf', 'a.pdf', pdfs)).toBe('taken');
    expect(verdict('pdf', 'a', { ...pdfs, mediaType: 'application/pdf' })).toBe('taken');
    expect(verdict('png', 'a.png', pictures)).toBe('taken');
    expect(verdict('jpeg', 'a.png', pictures)).toBe('taken');
    expect(verdict('text', 'a.txt', { allowedTypes: ['text/plain'] })).toBe('taken');
  });

  it.each<[string, Kind, string, Partial<Arrival> & { mediaType?: string }]>([
    ['another type', 'png', 'a.png', pdfs],
    ['another type by its media type', 'pdf', 'a.pdf', { ...pdfs, mediaType: 'image/png' }],
    ['a type that nobody knows', 'text', 'a.xyz', pdfs],
    ['no type', 'pdf', 'a', pdfs],
    ['bytes that show nothing', 'text', 'a.pdf', pdfs],
    ['a picture by another name', 'png', 'a.jpg', { allowedTypes: ['image/jpeg'] }],
  ])('sends nothing else: %s', (_what, kind, name, more) => {
    expect(verdict(kind, name, more)).toBe('TYPE_NOT_ALLOWED');
  });

  it('does not get other bytes through under an allowed name', () => {
    expect(verdict('html', 'a.pdf', pdfs)).toBe('TYPE_MISMATCH');
  });
});
