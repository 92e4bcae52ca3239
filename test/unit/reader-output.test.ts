import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutput } from '../../cli/output.ts';
import type { OutputOptions } from '../../cli/output.ts';

interface Item {
  readonly id: string;
  readonly size: number | null;
}
const columns = [
  { title: 'ID', cell: ({ id }: Item) => id },
  { title: 'SIZE', align: 'right', cell: ({ size }: Item) => size },
] as const;

class Screen extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function listed(options: Partial<OutputOptions>, items: readonly Item[]) {
  const [stdout, stderr] = [new Screen(), new Screen()];
  let read = 0;
  async function* pages() {
    for (const item of items) {
      read += 1;
      yield await Promise.resolve(item);
    }
  }
  await createOutput({ format: 'table', limit: Infinity, ...options }, stdout, stderr).list(pages(), columns);
  return { output: stdout.text, notice: stderr.text, read };
}

describe('a list', () => {
  const items = [
    { id: 'a', size: 7 },
    { id: 'bcd', size: null },
    { id: 'e', size: 12_345 },
  ];

  it('is a table with aligned columns', async () => {
    const { output, notice } = await listed({}, items);
    expect(output).toBe('  ID    SIZE\n  ───  ─────\n  a        7\n  bcd      –\n  e    12345\n');
    expect(notice).toBe('');
  });

  it('shortens long texts of a table, and only there, without cutting a character', async () => {
    const long = { id: 'e\u0301'.repeat(60), size: 0 };
    expect((await listed({}, [long])).output).toContain(`  ${'e\u0301'.repeat(47)}…  `);
    expect((await listed({ format: 'jsonl' }, [long])).output).toBe(`${JSON.stringify(long)}\n`);
  });

  it('is one JSON array, or one object a line', async () => {
    expect(JSON.parse((await listed({ format: 'json' }, items)).output)).toEqual(items);
    expect(JSON.parse((await listed({ format: 'json' }, [])).output)).toEqual([]);
    expect((await listed({ format: 'jsonl' }, items)).output.split('\n')).toHaveLength(4);
    expect((await listed({ format: 'jsonl' }, [])).output).toBe('');
  });

  it.each(['table', 'json', 'jsonl'] as const)('reads no further than its limit as %s', async (format) => {
    const { output, notice, read } = await listed({ format, limit: 2 }, items);
    expect(read).toBe(2);
    expect(output).not.toContain('12345');
    expect(notice).toBe('Stopped at 2; there may be more. --limit N or --limit all goes on.\n');
  });

  it('fails when nobody takes its output any more', async () => {
    const closed = new Writable({
      write: (_chunk, _encoding, done) => {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    closed.on('error', () => undefined);
    const output = createOutput({ format: 'table', limit: 9 }, closed, new Screen());
    await expect(output.one({ id: 'a' })).rejects.toMatchObject({ code: 'EPIPE' });
  });
});

describe('one object', () => {
  it('is shown field by field, references by their ids', async () => {
    const stdout = new Screen();
    await createOutput({ format: 'table', limit: 9 }, stdout, new Screen()).one({
      id: 'a',
      division: { id: 'd1' },
      tags: [{ id: 't1' }, { id: 't2' }],
      languages: [{ code: 'en' }],
      permissions: { isShareable: true },
      expiresAt: null,
      isArchived: false,
    });
    expect(stdout.text.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['id', 'a'],
      ['division', 'd1'],
      ['tags', 't1, t2'],
      ['languages', 'en'],
      ['permissions', '{"isShareable":true}'],
      ['expiresAt', '–'],
      ['isArchived', 'false'],
      [''],
    ]);
  });
});
