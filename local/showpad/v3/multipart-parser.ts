const maximumHeadBytes = 16 * 1024;
const crlf = '\r\n';

/** The head of one part of a form. */
export interface PartHead {
  readonly name: string;
  /** Null for a plain field. */
  readonly filename: string | null;
  readonly contentType: string | null;
}

export interface PartSink {
  begin(head: PartHead): void;
  /** The chunk is only lent: copy what must last. */
  data(chunk: Buffer): void;
  end(): void;
}

/**
 * Reads multipart/form-data (RFC 7578) as it arrives and keeps no more than a delimiter's length of it. Strict:
 * throws MultipartError for everything that the grammar does not have, also where parsers usually look away.
 */
export class MultipartParser {
  private readonly delimiter: Buffer;
  private readonly sink: PartSink;
  // The delimiter begins with a line break, which the first one may lack.
  private rest: Buffer = Buffer.from(crlf);
  private state: 'preamble' | 'delimiter' | 'head' | 'body' | 'epilogue' = 'preamble';

  constructor(boundary: string, sink: PartSink) {
    this.delimiter = Buffer.from(`${crlf}--${boundary}`, 'latin1');
    this.sink = sink;
  }

  write(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.step());
  }

  /** Throws when the form did not come to its end. */
  end(): void {
    if (this.state !== 'epilogue') throw new MultipartError('it ends before its closing delimiter');
  }

  /** Returns whether something was read, so that more may follow. */
  private step(): boolean {
    switch (this.state) {
      case 'preamble':
      case 'body':
        return this.readContent();
      case 'delimiter':
        return this.readDelimiterEnd();
      case 'head':
        return this.readHead();
      case 'epilogue':
        this.rest = Buffer.alloc(0);
        return false;
    }
  }

  private readContent(): boolean {
    const found = this.rest.indexOf(this.delimiter);
    const length = found === -1 ? this.rest.length - this.delimiter.length + 1 : found;
    if (length > 0 && this.state === 'body') this.sink.data(this.rest.subarray(0, length));
    if (length > 0) this.rest = this.rest.subarray(length);
    if (found === -1) return false;
    if (this.state === 'body') this.sink.end();
    this.rest = this.rest.subarray(this.delimiter.length);
    this.state = 'delimiter';
    return true;
  }

  private readDelimiterEnd(): boolean {
    if (this.rest.length < 2) return false;
    const end = this.rest.toString('latin1', 0, 2);
    if (end !== crlf && end !== '--') throw new MultipartError('a delimiter is followed by something else');
    this.rest = this.rest.subarray(2);
    this.state = end === crlf ? 'head' : 'epilogue';
    return true;
  }

  private readHead(): boolean {
    const end = this.rest.indexOf(crlf + crlf);
    if (Math.max(end, end === -1 ? this.rest.length : 0) > maximumHeadBytes) {
      throw new MultipartError('the head of a part is too long');
    }
    if (end === -1) return false;
    this.sink.begin(parseHead(this.rest.toString('utf8', 0, end)));
    // A body without content has its delimiter's line break right after the empty line.
    this.rest = this.rest.subarray(end + 4);
    this.state = 'body';
    return true;
  }
}

/** The body is not multipart/form-data; the message says why, to be put after a colon. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

/** The boundary that a Content-Type names; undefined when it is not multipart/form-data with a valid one. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /^multipart\/form-data\s*;\s*boundary=(?:"([^"]+)"|([^\s;"]+))\s*$/iu.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  return boundary !== undefined && /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/u.test(boundary)
    ? boundary
    : undefined;
}

function parseHead(text: string): PartHead {
  if (text.includes('\uFFFD')) throw new MultipartError('the head of a part is not UTF-8');
  const headers = new Map<string, string>();
  for (const line of text.split(crlf)) {
    const match = /^([\w-]+):[ \t]*(.*)$/u.exec(line);
    // A bare line feed or carriage return, which an unescaped file name brings, matches nothing here.
    if (match === null) throw new MultipartError('the head of a part has a line that is no header');
    const name = (match[1] ?? '').toLowerCase();
    if (headers.has(name)) throw new MultipartError(`a part has two headers ${name}`);
    headers.set(name, match[2] ?? '');
  }
  const parameters = parseDisposition(headers.get('content-disposition') ?? '');
  const name = parameters.get('name');
  if (name === undefined) throw new MultipartError('a part has no name');
  return {
    name,
    filename: parameters.get('filename') ?? null,
    contentType: headers.get('content-type') ?? null,
  };
}

function parseDisposition(value: string): ReadonlyMap<string, string> {
  const parameter = /;[ \t]*(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^\s;",]+))[ \t]*/uy;
  const kind = /^form-data[ \t]*/iu.exec(value)?.[0];
  if (kind === undefined) throw new MultipartError('a part is not declared as form-data');
  const parameters = new Map<string, string>();
  parameter.lastIndex = kind.length;
  while (parameter.lastIndex < value.length) {
    const [, name = '', quoted, bare] = parameter.exec(value) ?? [];
    if (name === '' || parameters.has(name)) {
      throw new MultipartError('the Content-Disposition of a part cannot be read');
    }
    parameters.set(name, quoted === undefined ? (bare ?? '') : unescape(quoted));
  }
  return parameters;
}

/** Undoes both customs: the backslash of RFC 2183, and the percent signs that the web's forms use. */
function unescape(quoted: string): string {
  return quoted
    .replace(/\\(["\\])/gu, '$1')
    .replace(/%(22|0D|0A)/giu, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
