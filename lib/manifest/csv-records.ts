/**
 * Cuts lines into the cells of CSV records (RFC 4180). A quoted cell may go on over several lines; a quote inside a
 * cell that does not begin with one is text.
 *
 * csv-parse was tried first: it counts a quoted CRLF as two lines, and errors must name the right one.
 */
export class CsvRecords {
  #cells: string[] = [];
  #quoted: string | null = null;

  /** Whether the record goes on in the next line. */
  get isOpen(): boolean {
    return this.#quoted !== null;
  }

  /** The cells of the record that ends with this line, 'open' when it goes on, or a text that says what is wrong. */
  take(line: string): string[] | 'open' | `has ${string}` {
    let at = 0;
    if (this.#quoted === null) this.#cells = [];
    for (;;) {
      if (this.#quoted !== null || line[at] === '"') {
        if (this.#quoted === null) {
          this.#quoted = '';
          at += 1;
        }
        const closing = this.#readQuoted(line, at);
        if (closing === -1) return 'open';
        this.#cells.push(this.#quoted);
        this.#quoted = null;
        at = closing + 1;
        if (at < line.length && line[at] !== ',') return 'has text behind a quoted cell';
      } else {
        const comma = line.indexOf(',', at);
        const end = comma === -1 ? line.length : comma;
        this.#cells.push(line.slice(at, end));
        at = end;
      }
      if (at >= line.length) return this.#cells;
      at += 1;
    }
  }

  /** Adds to the quoted cell up to its closing quote; -1 when the line ends first. */
  #readQuoted(line: string, from: number): number {
    for (let at = from; ;) {
      const quote = line.indexOf('"', at);
      if (quote === -1) {
        this.#quoted += `${line.slice(at)}\n`;
        return -1;
      }
      this.#quoted += line.slice(at, quote);
      if (line[quote + 1] !== '"') return quote;
      this.#quoted += '"';
      at = quote + 2;
    }
  }
}
