import type { IncomingHttpHeaders } from 'node:http';
import type { ChangeSignal } from './change-signal.ts';

/** One request that the emulator received, and what became of it. */
export interface RequestRecord {
  readonly sequence: number;
  readonly listener: 'api' | 'upload';
  readonly receivedAt: string;
  readonly method: string;
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
  /** Without the token: an Authorization header shows its scheme only. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body, or undefined. */
  body: unknown;
  bodyBytes: number;
  /** Null until it was answered, and for ever when the connection was cut instead. */
  status: number | null;
  /** The answer's JSON body, or undefined. */
  answer: unknown;
  answerMediaType: string | null;
  /** The id of the fault that struck this request. */
  readonly fault: number | null;
  /** True when nothing more will happen to this request. */
  finished: boolean;
}

const maximumRecords = 50_000;

/** Everything that was received, oldest first; the oldest records are dropped after 50,000. */
export class RequestLog {
  readonly records: RequestRecord[] = [];
  private readonly changes: ChangeSignal;
  private lastSequence = 0;

  constructor(changes: ChangeSignal) {
    this.changes = changes;
  }

  start(
    request: Pick<RequestRecord, 'listener' | 'receivedAt' | 'method' | 'path' | 'query' | 'fault'>,
    headers: IncomingHttpHeaders,
  ): RequestRecord {
    const record: RequestRecord = {
      sequence: ++this.lastSequence,
      ...request,
      headers: withoutToken(headers),
      body: undefined,
      bodyBytes: 0,
      status: null,
      answer: undefined,
      answerMediaType: null,
      finished: false,
    };
    this.records.push(record);
    if (this.records.length > maximumRecords) this.records.shift();
    this.changes.notify();
    return record;
  }

  finish(record: RequestRecord): void {
    record.finished = true;
    this.changes.notify();
  }

  /** Tells those who wait that what a record shows, or what a request changed, is new. */
  touch(): void {
    this.changes.notify();
  }

  clear(): void {
    this.records.length = 0;
  }
}

function withoutToken(headers: IncomingHttpHeaders): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    shown[name] = name === 'authorization' ? `${text.split(' ', 1)[0] ?? ''} (left out)` : text;
  }
  return shown;
}
