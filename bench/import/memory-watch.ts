import { readFileSync } from 'node:fs';

const everyMs = 1_000;

/** What some processes hold of the machine's memory, second by second. */
export class MemoryWatch {
  readonly #pids: readonly number[];
  readonly #samples: number[] = [];
  readonly #before: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#before = this.nowMebibytes();
  }

  start(): void {
    this.#timer = setInterval(() => this.#samples.push(this.nowMebibytes()), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  nowMebibytes(): number {
    const kibibytes = this.#pids.map((pid) => {
      const [, rss = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return Number(rss);
    });
    return Math.round(kibibytes.reduce((sum, one) => sum + one, 0) / 1_024);
  }

  beforeMebibytes(): number {
    return this.#before;
  }

  peakMebibytes(): number {
    return Math.max(...this.#samples);
  }

  /** What it was when this share of the samples had been taken. */
  atShare(share: number): number {
    return this.#samples[Math.max(0, Math.ceil(this.#samples.length * share) - 1)] ?? this.#before;
  }
}
