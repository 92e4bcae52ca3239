import { isUtf8 } from 'node:buffer';
import { CsvRecords } from './csv-records.ts';

/** Where a record begins: enough to go on reading from there. */
export interface Position {
  /** Bytes before it. */
  readonly offset: number;
  /** Its line, counted from 1. */
  readonly line: number;
  /** Rows before it; the header is none. */
  readonly row: number;
}

/** One row of a manifest as it stands in the file, or why it cannot be read. `next` is where the one after it begins. */
export type ManifestRecord = Pick<Position, 'line' | 'row'> & { readonly next: Position } & (
    | { readonly cells: readonly string[] }
    | { readonly text: string }
    | { readonly fault: string; readonly isEnd: boolean }
  );

export type ManifestFormat = 'csv' | 'jsonl';

/** What one row may have at most: as much as one event. */
export const longestRowBytes = 256 * 1024;
export const theBeginning: Position = { offset: 0, line: 1, row: 0 };

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const tooLong = `is longer than the ${longestRowBytes} bytes that a row may have`;

/**
 * Cuts a file into the records of a manifest, holding no more than one of them. CSV as RFC 4180 has it, in UTF-8 with
 * or without a byte order mark, lines ended by LF or CRLF; empty lines are passed over. Each record knows its line and
 * the byte it begins at, so that reading can go on from any of them. The header of a CSV file is its row 0.
 *
 * A line that is too long or not UTF-8 is a fault of its own, and the next line is read; a quoted cell that does not
 * end takes the rest of the file with it.
 */
export class RecordReader {
  readonly #format: ManifestFormat;
  readonly #csv = new CsvRecords();
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #isSkipping = false;
  #offset: number;
  #line: number;
  #row: number;
  #start: { line: number; bytes: number; fault: string | null } | null = null;
  #isEnded = false;
  #isHeaderNext: boolean;

  constructor(format: ManifestFormat, from: Position = theBeginning) {
    this.#format = format;
    this.#offset = from.offset;
    this.#line = from.line;
    this.#row = from.row;
    this.#isHeaderNext = format === 'csv' && from.offset === 0;
  }

  /** The records that end within this piece of the file. */
  *push(chunk: Buffer): Generator<ManifestRecord> {
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      yield* this.#takeLine(chunk.subarray(from, end), 1);
      if (this.#isEnded) return;
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  /** The record that the file ends with, where no newline does. */
  *end(): Generator<ManifestRecord> {
    if (this.#isEnded) return;
    if (this.#pieceBytes > 0) yield* this.#takeLine(Buffer.alloc(0), 0);
    if (this.#start !== null && this.#csv.isOpen) {
      yield this.#record({ fault: 'has a quoted cell that does not end', isEnd: true });
    }
  }

  #keep(piece: Buffer): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > longestRowBytes) {
      this.#isSkipping = true;
      this.#pieces = [];
    } else if (piece.length > 0) this.#pieces.push(piece);
  }

  *#takeLine(last: Buffer, newlineBytes: number): Generator<ManifestRecord> {
    this.#keep(last);
    const bytes = this.#pieceBytes + newlineBytes;
    const isWhole = !this.#isSkipping;
    const whole = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#isSkipping = false;
    this.#start ??= { line: this.#line, bytes: 0, fault: null };
    this.#start.bytes += bytes;
    const isFirst = this.#offset === 0;
    this.#offset += bytes;
    this.#line += 1;
    yield* this.#takeText(isWhole && whole !== undefined ? whole : null, isFirst);
  }

  *#takeText(line: Buffer | null, isFirst: boolean): Generator<ManifestRecord> {
    const start = this.#start;
    if (start === null) return;
    if (isFirst && line !== null && line[0] === 0xff && line[1] === 0xfe) {
      yield this.#record({ fault: 'is UTF-16: save the file as UTF-8', isEnd: true });
      return;
    }
    if (line === null || start.bytes > longestRowBytes) {
      const fault = this.#csv.isOpen
        ? `has a quoted cell that does not end within ${longestRowBytes} bytes`
        : tooLong;
      yield this.#record({ fault, isEnd: this.#csv.isOpen });
      return;
    }
    if (!isUtf8(line)) {
      const isOpen = this.#csv.isOpen;
      start.fault ??= `is not UTF-8${isOpen ? ` (line ${this.#line - 1})` : ''}`;
    }
    const isMarked = isFirst && line.subarray(0, 3).equals(byteOrderMark);
    const text = line.toString('utf8', isMarked ? 3 : 0).replace(/\r$/, '');
    if (this.#format === 'jsonl') {
      if (start.fault !== null) yield this.#record({ fault: start.fault, isEnd: false });
      else if (text.trim() === '') this.#start = null;
      else yield this.#record({ text });
      return;
    }
    if (text === '' && !this.#csv.isOpen) {
      this.#start = null;
      return;
    }
    const cells = this.#csv.take(text);
    if (cells === 'open') return;
    if (start.fault !== null || !Array.isArray(cells)) {
      const fault = start.fault ?? String(cells);
      yield this.#record({ fault, isEnd: false });
    } else yield this.#record({ cells });
  }

  #record(
    content: { cells: string[] } | { text: string } | { fault: string; isEnd: boolean },
  ): ManifestRecord {
    const line = this.#start?.line ?? this.#line;
    this.#start = null;
    if ('isEnd' in content && content.isEnd) this.#isEnded = true;
    if (!this.#isHeaderNext) this.#row += 1;
    this.#isHeaderNext = false;
    const next = { offset: this.#offset, line: this.#line, row: this.#row };
    return { line, row: this.#row, next, ...content };
  }
}
