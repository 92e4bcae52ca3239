import type { Writable } from 'node:stream';
import { textTable } from '../local/text-table.ts';

export interface OutputOptions {
  readonly format: 'table' | 'json' | 'jsonl';
  /** At most this many items; Infinity for all. */
  readonly limit: number;
}

type Cell = string | number | boolean | null | undefined;

export interface Column<Item> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly cell: (item: Item) => Cell;
}

/** Where a command puts what it has read. */
export interface Output {
  list: <Item extends object>(items: AsyncIterable<Item>, columns: readonly Column<Item>[]) => Promise<void>;
  one: (item: object) => Promise<void>;
}

const widestCell = 48;
const segmenter = new Intl.Segmenter();

/**
 * Prints to `stdout` in the form that is asked for, and a word to `stderr` when a list stops at the limit. It reads
 * no more pages of a list than it prints.
 */
export function createOutput({ format, limit }: OutputOptions, stdout: Writable, stderr: Writable): Output {
  const print = async (lines: readonly string[]): Promise<void> => {
    if (lines.length > 0) await write(stdout, `${lines.join('\n')}\n`);
  };
  return {
    async list(items, columns) {
      const kept = [];
      let count = 0;
      for await (const item of items) {
        count += 1;
        if (format === 'jsonl') await print([JSON.stringify(item)]);
        else kept.push(item);
        if (count === limit) break;
      }
      if (format === 'json') await print([JSON.stringify(kept, null, 2)]);
      if (format === 'table') await print(tableOf(kept, columns));
      if (count === limit)
        await write(stderr, `Stopped at ${limit}; there may be more. --limit N or --limit all goes on.\n`);
    },
    async one(item) {
      if (format === 'table') await print(fieldsOf(item));
      else await print([format === 'json' ? JSON.stringify(item, null, 2) : JSON.stringify(item)]);
    },
  };
}

function tableOf<Item>(items: readonly Item[], columns: readonly Column<Item>[]): string[] {
  if (items.length === 0) return ['  Nothing was found.'];
  return textTable(
    items,
    columns.map(({ title, align = 'left', cell }) => ({
      title,
      align,
      cell: (item: Item) => shortened(plain(cell(item))),
    })),
  );
}

function fieldsOf(item: object): string[] {
  const fields = Object.entries(item);
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `  ${name.padEnd(width)}  ${plain(described(value))}`.trimEnd());
}

/** References are shown by their ids, codes as they are, and everything else that has parts as JSON. */
function described(value: unknown): Cell {
  if (Array.isArray(value)) return value.map((one) => String(described(one) ?? '')).join(', ');
  if (typeof value !== 'object' || value === null) return value as Cell;
  const [only, ...others] = Object.entries(value);
  const isReference = only !== undefined && others.length === 0 && /^(?:id|code)$/.test(only[0]);
  return isReference ? String(only[1]) : JSON.stringify(value);
}

/** Text of others must not steer the terminal, nor turn around what is beside it. */
function plain(cell: Cell): string {
  return String(cell ?? '–').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

function shortened(text: string): string {
  if (text.length <= widestCell) return text;
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  return characters.length > widestCell ? `${characters.slice(0, widestCell - 1).join('')}…` : text;
}

/** Settles when the text is on its way. */
export function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
