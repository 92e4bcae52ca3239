/** Something the person at the command line can put right; the message says how. */
export class ReaderError extends Error {
  /** 1: it did not work; 2: the command or its settings are not usable. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.name = 'ReaderError';
    this.exitCode = exitCode;
  }
}
