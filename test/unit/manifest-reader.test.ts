import { describe, expect, test } from 'vitest';
import { longestRowBytes } from '../../lib/manifest/record-reader.ts';
import { readManifest, type ManifestRow } from '../../lib/manifest/read-manifest.ts';
import type { ManifestFormat } from '../../lib/manifest/record-reader.ts';

const place = (row: number) => ({
  source: 'dam',
  eventId: `import/${row}`,
  time: new Date('2026-11-30T09:00:00Z'),
  bucket: 'inbox',
});

async function* inPieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function read(
  content: string | Buffer,
  { format = 'csv', size = 7 }: { format?: ManifestFormat; size?: number } = {},
): Promise<ManifestRow[]> {
  const rows: ManifestRow[] = [];
  for await (const some of readManifest(inPieces(Buffer.from(content), size), { format, place })) {
    rows.push(...some);
  }
  return rows;
}

async function eventOf(content: string | Buffer, format: ManifestFormat = 'csv') {
  const [row] = await read(content, { format });
  if (row === undefined || !('event' in row)) throw new Error(`No event: ${JSON.stringify(row)}`);
  return row.event;
}

const faultsOf = (rows: readonly ManifestRow[]): string[] =>
  rows.flatMap((row) =>
    'faults' in row ? row.faults.map(({ column, message }) => `${row.line} ${column}: ${message}`) : [],
  );
const minimal = 'subject,url\na,https://dam.example/a.pdf\n';

describe('a CSV manifest', () => {
  test('becomes the events that the contract knows, with every column in its place', async () => {
    const header =
      'subject,url,name,fileName,mediaType,size,md5,division,description,tags,languages,authors,isShareable,isSensitive,lockedPages,expiresAt';
    const cells =
      'b-1,https://dam.example/x,Brochure,x.pdf,application/pdf,12,d41d8cd98f00b204e9800998ecf8427e,Marketing,"Two ""lines"",\nand a comma",new; hot ,"[""en"",""nl""]",jo@example.com,TRUE,false,"[{""start"":1,""end"":2}]",2026-12-01T00:00:00Z';
    expect(await eventOf(`${header}\n${cells}\n`)).toMatchObject({
      id: 'import/1',
      type: 'asset.upsert',
      subject: 'b-1',
      time: '2026-11-30T09:00:00.000000000Z',
      data: {
        file: {
          url: 'https://dam.example/x',
          name: 'x.pdf',
          mediaType: 'application/pdf',
          size: 12,
          md5: 'd41d8cd98f00b204e9800998ecf8427e',
        },
        metadata: {
          name: 'Brochure',
          division: { name: 'Marketing' },
          description: 'Two "lines",\nand a comma',
          tags: ['new', 'hot'],
          languages: ['en', 'nl'],
          authors: ['jo@example.com'],
          permissions: { isShareable: true },
          isSensitive: false,
          lockedPages: [{ start: 1, end: 2 }],
          expiresAt: '2026-12-01T00:00:00.000Z',
        },
      },
    });
  });

  test.each([
    ['an empty cell is no wish', 'subject,url,description\na,https://x.example/a.pdf,\n', undefined],
    ['null clears', 'subject,url,description\na,https://x.example/a.pdf,null\n', { description: null }],
    ['an empty JSON list clears a list', 'subject,tags\na,[]\n', { tags: [] }],
    ['a formula is a text', 'subject,description\na,=HYPERLINK(A1)\n', { description: '=HYPERLINK(A1)' }],
    ['an id of a Division is one', `subject,division\na,${'ab'.repeat(16)}\n`, { division: 'ab'.repeat(16) }],
    ['another id is given as JSON', 'subject,division\na,"{""id"":""x""}"\n', { division: { id: 'x' } }],
  ])('%s', async (_what, content, metadata) => {
    expect((await eventOf(content)).data.metadata).toEqual(metadata);
  });

  test.each([
    ['the name where it tells the kind of file', 'A.pdf,https://x.example/b.pptx', 'A.pdf'],
    ['else that of the address', 'A brochure,https://x.example/dir/b%20c.pdf?sig=1', 'b c.pdf'],
    ['else the name', 'A brochure,https://x.example/download', 'A brochure'],
    ['else what the address ends with', ',https://x.example/download', 'download'],
  ])('the file is called by %s', async (_what, cells, name) => {
    const { data } = await eventOf(`subject,name,url\na,${cells}\n`);
    expect(data).toMatchObject({ file: { name } });
  });

  test('a key names a file that waits in the inbox bucket', async () => {
    const { data } = await eventOf('subject,key\na,files/dam/x y/ü.pdf\n');
    expect(data).toMatchObject({ file: { url: 's3://inbox/files/dam/x%20y/%C3%BC.pdf', name: 'ü.pdf' } });
  });

  test.each(['\n', '\r\n'])(
    'lines and cells may end with %j, with or without a byte order mark',
    async (end) => {
      const text = ['subject,description', 'a,"one', 'two"', '', 'b,x', 'c,"y"'].join(end);
      for (const size of [1, 3, 1_000]) {
        const rows = await read(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]), {
          size,
        });
        expect(rows.map(({ line, row }) => [line, row])).toEqual([
          [2, 1],
          [5, 2],
          [6, 3],
        ]);
        expect(rows.map((row) => 'event' in row && row.event.data.metadata?.description)).toEqual([
          'one\ntwo',
          'x',
          'y',
        ]);
      }
    },
  );

  test('reading can go on from behind any row', async () => {
    const content = Buffer.from('\uFEFFsubject,description\r\na,"1\r\n2"\r\n\r\nb,ü\r\nc,4\r\n');
    const all = await read(content);
    for (const [index, { next }] of all.entries()) {
      const rest: ManifestRow[] = [];
      const columns = ['subject', 'description'];
      const reading = { format: 'csv', place, columns, from: next } as const;
      for await (const some of readManifest(inPieces(content.subarray(next.offset), 5), reading)) {
        rest.push(...some);
      }
      expect(rest).toEqual(all.slice(index + 1));
    }
  });

  test.each<[string, string | Buffer, string[]]>([
    [
      'unknown columns',
      'subject,url,titel\na,b,c\n',
      [
        expect.stringMatching(
          /^1 : has columns that are not known: “titel”\. The known ones are subject, url, key, /,
        ) as string,
      ],
    ],
    [
      'a missing column',
      'url,name\nb,c\n',
      [expect.stringMatching(/^1 : lacks the column “subject”/) as string],
    ],
    ['a column twice', 'subject,url,url\n', ['1 : has the column “url” twice']],
    [
      'semicolons',
      'subject;url\na;b\n',
      ['1 : separates its columns with semicolons or tabs: save the file with commas'],
    ],
    ['an empty file', '', ['1 : is missing: the file is empty']],
    ['too few cells', 'subject,url\na\n', ['2 : has 1 cells where the header has 2 columns']],
    ['text behind a quote', 'subject,url\n"a"b,c\n', ['2 : has text behind a quoted cell']],
    [
      'an open quote',
      'subject,url\nx,y\na,"b\n\n',
      ['2 url: must be an absolute URL', '3 : has a quoted cell that does not end'],
    ],
    ['a bad URL', 'subject,url\na,b\n', ['2 url: must be an absolute URL']],
    ['no subject', 'subject,url\n,https://x.example/a.pdf\n', ['2 subject: is missing']],
    ['nothing asked for', 'subject,url\na,\n', ['2 : must ask for something in "metadata" or "tags"']],
    [
      'two contents',
      'subject,url,link\na,https://x.example/a.pdf,https://x.example\n',
      ['2 link: cannot stand beside “url”: give one'],
    ],
    [
      'a checksum of no file',
      `subject,md5,description\na,${'0'.repeat(32)},x\n`,
      ['2 md5: needs a file in “url” or “key”'],
    ],
    ['a foreign key', 'subject,key\na,files/other/a.pdf\n', ['2 key: must begin with files/dam/']],
    [
      'a bad number',
      'subject,url,size\na,https://x.example/a.pdf,12.5\n',
      ['2 size: must be a whole number'],
    ],
    ['a bad flag', 'subject,isSensitive\na,yes\n', ['2 isSensitive: must be true or false']],
    [
      'a bad list item',
      'subject,languages\na,en;English\n',
      ['2 languages: must be a language code such as en or pt-BR'],
    ],
    ['UTF-16', Buffer.from('\uFEFFsubject,url\n', 'utf16le'), ['1 : is UTF-16: save the file as UTF-8']],
  ])('is refused with its line for %s', async (_what, content, expected) => {
    expect(faultsOf(await read(content))).toEqual(expected);
  });

  test('broken encoding is refused with its line, and the rows around it are read', async () => {
    const broken = Buffer.from('subject,description\na,x\nb,caf\xe9\nc,"1\n\xff"\nd,y\n', 'latin1');
    const rows = await read(broken);
    expect(faultsOf(rows)).toEqual(['3 : is not UTF-8', '4 : is not UTF-8 (line 5)']);
    expect(rows.map((row) => 'event' in row && row.event.subject)).toEqual(['a', false, false, 'd']);
  });

  test('a line of 10 MB is refused without being kept, and the rows around it are read', async () => {
    const long = `subject,description\na,x\nb,${'y'.repeat(10_000_000)}\nc,z\n`;
    const before = process.memoryUsage().arrayBuffers;
    const rows = await read(long, { size: 65_536 });
    expect(faultsOf(rows)).toEqual([`3 : is longer than the ${longestRowBytes} bytes that a row may have`]);
    expect(rows.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(25_000_000);
  });

  test('a quoted cell that never ends does not take the file into memory', async () => {
    const rows = await read(`subject,description\na,"${'line\n'.repeat(200_000)}`, { size: 65_536 });
    expect(faultsOf(rows)).toEqual([
      `2 : has a quoted cell that does not end within ${longestRowBytes} bytes`,
    ]);
    expect(rows[0]).toMatchObject({ isEnd: true });
  });
});

describe('a JSON Lines manifest', () => {
  test('says the same as a CSV one, with lists and flags as they are', async () => {
    const line = {
      subject: 'a',
      url: 'https://x.example/a.pdf',
      size: 3,
      tags: ['x;y', { name: 'z', category: 'c' }],
      languages: 'en;nl',
      isSensitive: true,
      description: null,
    };
    expect((await eventOf(`${JSON.stringify(line)}\n`, 'jsonl')).data).toEqual({
      file: { url: line.url, name: 'a.pdf', size: 3 },
      metadata: { tags: line.tags, languages: ['en', 'nl'], isSensitive: true, description: null },
    });
  });

  test.each([
    ['what is no JSON', '{"subject":"a"', ['1 : is not JSON']],
    ['what is no object', '[1]', ['1 : must be a JSON object']],
    ['an unknown key', '{"subject":"a","titel":"b"}', ['1 titel: is not a known column']],
    ['a wrong type', '{"subject":1,"description":"b"}', [expect.stringMatching(/^1 subject: /)]],
    ['clearing what cannot be', '{"subject":"a","tags":null}', ['1 tags: cannot be cleared']],
  ])('is refused with its line for %s', async (_what, content, expected) => {
    expect(faultsOf(await read(`${content}\n`, { format: 'jsonl' }))).toEqual(expected);
  });
});

test('a row of the smallest kind is an event', async () => {
  expect(faultsOf(await read(minimal))).toEqual([]);
});
