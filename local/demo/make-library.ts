import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';

/** The family of products that the sample library is about; colours are those of their pictures. */
const products = [
  { id: 'flow-100', name: 'Flow 100', what: 'flow meter', range: '0.5 to 20 l/min', colour: [24, 98, 122] },
  { id: 'flow-200', name: 'Flow 200', what: 'flow meter', range: '2 to 120 l/min', colour: [20, 122, 98] },
  { id: 'flow-300', name: 'Flow 300', what: 'flow meter', range: '10 to 900 l/min', colour: [64, 122, 40] },
  { id: 'level-10', name: 'Level 10', what: 'level sensor', range: '0 to 3 m', colour: [140, 96, 20] },
  { id: 'level-20', name: 'Level 20', what: 'level sensor', range: '0 to 12 m', colour: [150, 64, 30] },
  { id: 'temp-5', name: 'Temp 5', what: 'temperature probe', range: '-40 to 180 °C', colour: [150, 40, 60] },
  { id: 'temp-8', name: 'Temp 8', what: 'temperature probe', range: '-80 to 420 °C', colour: [110, 40, 120] },
  { id: 'gateway-1', name: 'Gateway 1', what: 'gateway', range: '64 sensors', colour: [50, 60, 140] },
] as const;
type Product = (typeof products)[number];

export interface LibraryFile {
  readonly name: string;
  readonly bytes: Buffer;
}

interface Entry {
  readonly subject: string;
  readonly file: LibraryFile | null;
  readonly link: string;
  readonly name: string;
  readonly description: string;
  readonly tags: string;
  readonly languages: string;
}

const documents = [
  {
    kind: 'data-sheet-en',
    title: 'Data sheet',
    language: 'en',
    measures: 'Range',
    by: 'Aldervane Instruments',
  },
  {
    kind: 'data-sheet-de',
    title: 'Datenblatt',
    language: 'de',
    measures: 'Messbereich',
    by: 'Aldervane Instruments',
  },
  {
    kind: 'quick-guide-en',
    title: 'Quick guide',
    language: 'en',
    measures: 'Works from',
    by: 'Mount, connect, switch on',
  },
] as const;

function entriesOf(product: Product): Entry[] {
  const { id, name, what, range } = product;
  const papers = documents.map(({ kind, title, language, measures, by }): Entry => {
    const lines = [
      `${name}: ${title}`,
      `${what}, ${measures.toLowerCase()} ${range}`,
      by,
      'aldervane.example',
    ];
    return {
      subject: `library/${id}/${kind}`,
      file: { name: `${id}-${kind}.pdf`, bytes: pdf(lines) },
      link: '',
      name: `${name} ${title}.pdf`,
      description: `${title} of the ${what} ${name}, ${measures.toLowerCase()} ${range}`,
      tags: `${name};${title}`,
      languages: language,
    };
  });
  const picture: Entry = {
    subject: `library/${id}/picture`,
    file: { name: `${id}-picture.png`, bytes: png(product) },
    link: '',
    name: `${name}.png`,
    description: `Picture of the ${what} ${name}`,
    tags: `${name};Picture`,
    languages: '',
  };
  return [...papers, picture];
}

const links: readonly Entry[] = ['support', 'training'].map((page) => ({
  subject: `library/${page}`,
  file: null,
  link: `https://aldervane.example/${page}`,
  name: `Aldervane ${page}`,
  description: `The ${page} pages of Aldervane Instruments`,
  tags: 'Web',
  languages: 'en;de',
}));

/** A page of A4 with some lines of Helvetica, as small as a whole PDF can be. */
function pdf([title = '', ...lines]: readonly string[]): Buffer {
  const text = (line: string): string => line.replaceAll(/[\\()]/g, '\\$&');
  const shown = lines.map((line) => `0 -28 Td (${text(line)}) Tj`).join(' ');
  const content = `BT /F1 26 Tf 64 740 Td (${text(title)}) Tj /F1 14 Tf ${shown} ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = Buffer.byteLength(body, 'latin1');
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = Buffer.byteLength(body, 'latin1');
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join('')}`;
  return Buffer.from(
    `${body}${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`,
    'latin1',
  );
}

/** A round dial on a shaded ground, 240 × 160. */
function png({ colour }: Product): Buffer {
  const [width, height] = [240, 160];
  const rows = Array.from({ length: height }, (_row, y) => {
    const row = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x += 1) {
      const distance = Math.hypot(x - width / 2, y - height / 2);
      const angle = Math.atan2(y - height / 2, x - width / 2);
      const isNeedle = distance < 48 && Math.abs(angle + 0.8) < 0.06;
      const isRing = distance > 52 && distance < 62;
      for (const [channel, value] of colour.entries()) {
        const ground = 232 - Math.floor(y / 8);
        row[1 + x * 3 + channel] = isNeedle ? 20 : isRing ? value : distance < 52 ? 250 : ground;
      }
    }
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(named), 4);
    return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
  };
  const image = deflateSync(Buffer.concat(rows), { level: 9 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', image),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Writes the sample library and its manifest: `node local/demo/make-library.ts`. */
function makeLibrary(): void {
  const folder = fileURLToPath(new URL('../../samples/library/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const entries = [...products.flatMap(entriesOf), ...links];
  const rows = entries.map(({ subject, file, link, name, description, tags, languages }) => {
    if (file !== null) writeFileSync(`${folder}${file.name}`, file.bytes);
    const key = file === null ? '' : `files/demo/library/${file.name}`;
    // Pictures show what becomes of rows that do not say what their files are.
    const isTold = file !== null && file.name.endsWith('.pdf');
    const md5 = isTold ? createHash('md5').update(file.bytes).digest('hex') : '';
    return [subject, key, link, name, md5, `"${description}"`, tags, languages].join(',');
  });
  const header = 'subject,key,link,name,md5,description,tags,languages';
  writeFileSync(`${folder}../library.csv`, `${header}\n${rows.join('\n')}\n`);
}

if (import.meta.main) makeLibrary();
