/** What no log may hold: signatures of links, addresses of people. */
const secretKinds = [/X-Amz-Signature=/i, /Signature=[\w%]{8}/, /[\w.+-]+@example\.com/, /Bearer /];
const isLogLine = (text: string): boolean => text.startsWith('{') && text.includes('"level"');

/** Takes what the functions log, and remembers the lines that hold a secret. */
export class LogWatch {
  #lines = 0;
  readonly #secrets: string[] = [];
  readonly #found: string[] = [];
  readonly #restore: (() => void)[] = [];

  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream);
      stream.write = (chunk: string | Uint8Array, ...rest: never[]): boolean => {
        const text = String(chunk);
        if (!isLogLine(text)) return write(chunk, ...rest);
        this.#look(text);
        return true;
      };
      this.#restore.push(() => {
        stream.write = write;
      });
    }
  }

  /** How many lines were logged. */
  get lines(): number {
    return this.#lines;
  }

  watchFor(secrets: readonly string[]): void {
    this.#secrets.push(...secrets);
  }

  /** The lines with a secret since the last call. */
  takeSecrets(): string[] {
    return this.#found.splice(0);
  }

  stop(): void {
    for (const restore of this.#restore) restore();
  }

  #look(text: string): void {
    this.#lines += 1;
    const hasSecret =
      this.#secrets.some((secret) => text.includes(secret)) || secretKinds.some((kind) => kind.test(text));
    if (hasSecret) this.#found.push(text);
  }
}
