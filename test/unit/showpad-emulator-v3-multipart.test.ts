import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundaryOf, MultipartParser, type PartHead } from '../../local/showpad/v3/multipart-parser.ts';

interface Part extends PartHead {
  readonly content: string;
}

const boundary = 'edge';

function parse(chunks: readonly Buffer[]): Part[] {
  const parts: Part[] = [];
  let head: PartHead | undefined;
  let content: Buffer[] = [];
  const parser = new MultipartParser(boundary, {
    begin: (begun) => {
      head = begun;
      content = [];
    },
    data: (chunk) => {
      content.push(Buffer.from(chunk));
    },
    end: () => {
      if (head !== undefined) parts.push({ ...head, content: Buffer.concat(content).toString('latin1') });
    },
  });
  for (const chunk of chunks) parser.write(chunk);
  parser.end();
  return parts;
}

const field = (name: string, content: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
const end = `--${boundary}--\r\n`;
const withDisposition = (disposition: string) =>
  Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\n\r\nx\r\n${end}`);

test('a form is read alike wherever the network cuts it', () => {
  const awkward = ['\r\n', '--', boundary, `\r\n--${boundary.slice(0, -1)}`, '\r', '\n', 'text', '\0\u00ff'];
  const content = fc.array(fc.constantFrom(...awkward), { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(
      fc.array(
        content.filter((text) => !`\r\n${text}`.includes(`\r\n--${boundary}`)),
        { maxLength: 3 },
      ),
      fc.array(fc.nat({ max: 400 }), { maxLength: 20 }),
      (contents, cuts) => {
        const form = contents.map((text, index) => field(`field${String(index)}`, text)).join('') + end;
        const bytes = Buffer.from(form, 'latin1');
        const places = [0, ...cuts.toSorted((left, right) => left - right), bytes.length];
        const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
        expect(parse(chunks).map((part) => part.content)).toEqual(contents);
      },
    ),
  );
});

test.each([
  ['form-data; name="file"; filename="a.pdf"', 'a.pdf'],
  ['form-data; filename=a.pdf; name=file', 'a.pdf'],
  ['form-data; name="file"; filename="say %22hi%22.pdf"', 'say "hi".pdf'],
  [String.raw`form-data; name="file"; filename="say \"hi\" \\ there.pdf"`, String.raw`say "hi" \ there.pdf`],
  ['form-data; name="file"; filename="line%0D%0Abreak.pdf"', 'line\r\nbreak.pdf'],
  ['form-data; name="file"; filename="100%.pdf"', '100%.pdf'],
  ['form-data; name="file"; filename="Größe – 日本語.pdf"', 'Größe – 日本語.pdf'],
  ['form-data; name="file"; filename="a; name=b.pdf"', 'a; name=b.pdf'],
])('%s names a file', (disposition, filename) => {
  expect(parse([withDisposition(disposition)])).toEqual([
    { name: 'file', filename, contentType: null, content: 'x' },
  ]);
});

test.each([
  ['nothing', '', 'ends before'],
  ['another boundary', '--other--\r\n', 'ends before'],
  ['a form without an end', field('name', 'x'), 'ends before'],
  ['a longer delimiter', `--${boundary}more\r\n`, 'followed by something else'],
  [
    'a part without a disposition',
    `--${boundary}\r\nContent-Type: text/plain\r\n\r\nx\r\n${end}`,
    'form-data',
  ],
  ['a line that is no header', `--${boundary}\r\nfile\r\n\r\nx\r\n${end}`, 'no header'],
  ['a header twice', `--${boundary}\r\nA: b\r\na: c\r\n\r\nx\r\n${end}`, 'two headers'],
  ['a head without end', `--${boundary}\r\nA: ${'b'.repeat(20_000)}`, 'too long'],
])('%s is refused', (_, form, message) => {
  expect(() => parse([Buffer.from(form)])).toThrow(message);
});

test.each([
  'attachment; name="file"',
  'form-data',
  'form-data; filename="a.pdf"',
  'form-data; name="file"; filename="say "hi".pdf"',
  'form-data; name="file"; filename="line\nbreak.pdf"',
  'form-data; name="file"; filename="line\r\nX-Injected: yes"',
  'form-data; name="file"; filename*=UTF-8\'\'a.pdf',
  'form-data; name="a"; name="b"',
])('the disposition %j is refused', (disposition) => {
  expect(() => parse([withDisposition(disposition)])).toThrow();
});

test('a name that is not UTF-8 is refused', () => {
  const latin1 = Buffer.from(field('Größe', 'x') + end, 'latin1');
  expect(() => parse([latin1])).toThrow('not UTF-8');
});

test.each([
  ['multipart/form-data; boundary=edge', 'edge'],
  ['Multipart/Form-Data;boundary="with space"', 'with space'],
  ['multipart/form-data', undefined],
  ['multipart/mixed; boundary=edge', undefined],
  [`multipart/form-data; boundary=${'x'.repeat(71)}`, undefined],
  ['multipart/form-data; boundary="edge "', undefined],
])('the boundary of %s is %j', (contentType, expected) => {
  expect(boundaryOf(contentType)).toBe(expected);
});
