/** What an operation answers: `json` for bodies of the API, `text` for everything else. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** What the request log keeps instead of `json`, where that holds secrets. */
  readonly shown?: unknown;
}
