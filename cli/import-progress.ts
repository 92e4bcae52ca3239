import type { WriteStream } from 'node:tty';
import type { ImportStatus } from './import-status.ts';

const windowMs = 60_000;
const plainEveryMs = 10_000;
const clearLine = '\u001B[2K\r';

/** How an import gets on: how much of it is done, how fast, and how long it will take. */
export class ImportProgress {
  readonly #output: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>;
  readonly #now: () => number;
  readonly #seen: { readonly atMs: number; readonly rows: number }[] = [];
  #plainAtMs = 0;
  #shown = '';

  constructor(
    output: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>,
    now: () => number = () => performance.now(),
  ) {
    this.#output = output;
    this.#now = now;
  }

  /** On a terminal one line that changes, elsewhere a line now and then. */
  show(status: ImportStatus): void {
    const line = this.#lineOf(status);
    if (this.#output.isTTY) {
      this.#output.write(`${clearLine}${line.slice(0, Math.max(20, this.#output.columns - 1))}`);
      this.#shown = line;
      return;
    }
    const isNews = status.state !== this.#shown;
    if (!isNews && this.#now() - this.#plainAtMs < plainEveryMs) return;
    this.#shown = status.state;
    this.#plainAtMs = this.#now();
    this.#output.write(`${line}\n`);
  }

  /** Leaves the line that was shown last. */
  end(): void {
    if (this.#output.isTTY && this.#shown !== '') this.#output.write('\n');
    this.#shown = '';
  }

  #lineOf({ state, rows }: ImportStatus): string {
    if (state === 'waiting' || state === 'checking') return `${state} …`;
    const valid = rows.total - rows.invalid;
    const finished = rows.unchanged + rows.ended;
    const now = this.#now();
    this.#seen.push({ atMs: now, rows: finished });
    while (this.#seen.length > 2 && now - (this.#seen[0]?.atMs ?? now) > windowMs) this.#seen.shift();
    const [first] = this.#seen;
    const elapsedMs = now - (first?.atMs ?? now);
    const rate = elapsedMs > 0 ? ((finished - (first?.rows ?? 0)) * 1_000) / elapsedMs : 0;
    const percent = valid === 0 ? 100 : Math.floor((100 * finished) / valid);
    return [
      `${state}  ${count(finished)} of ${count(valid)} rows  ${percent} %`,
      ...(rate > 0 ? [`${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} rows/s`] : []),
      ...(rate > 0 && finished < valid ? [`about ${duration((valid - finished) / rate)} left`] : []),
      ...(rows.unchanged > 0 ? [`${count(rows.unchanged)} unchanged`] : []),
      ...(rows.failed > 0 ? [`${count(rows.failed)} failed`] : []),
    ].join('  ');
  }
}

const count = (value: number): string => value.toLocaleString('en-US');

/** 45 s, 12 min, 3.5 h. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
