import { randomUUID } from 'node:crypto';
import { MeteredBody } from './metered-body.ts';
import type { Operation } from './errors.ts';
import type { StreamedBody } from './transmit.ts';

export interface FormFile {
  readonly field: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** In bytes. */
  readonly size: number;
}

/**
 * A multipart/form-data body (RFC 7578) of some fields and then one file, which streams through it. Its length is
 * exact and known beforehand; a file of another length is never completed.
 */
export class MultipartForm implements StreamedBody {
  readonly contentType: string;
  /** In bytes. */
  readonly contentLength: number;
  isComplete = false;
  readonly #head: Buffer;
  readonly #tail: Buffer;
  readonly #file: MeteredBody;

  /** @param createBoundary gives another text each time it is asked, of 1 to 70 letters, digits and dashes */
  constructor(
    fields: Readonly<Record<string, string>>,
    file: FormFile,
    operation: Operation,
    createBoundary: () => string = () => `showpad-connector-${randomUUID()}`,
  ) {
    const parts = Object.entries(fields).map(
      ([name, value]) => `Content-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
    );
    parts.push(
      `Content-Disposition: form-data; name="${quoted(file.field)}"; filename="${quoted(file.fileName)}"\r\n` +
        `Content-Type: ${file.contentType}\r\n\r\n`,
    );
    let boundary = createBoundary();
    while (parts.some((part) => part.includes(boundary))) boundary = createBoundary();
    this.#head = Buffer.from(parts.map((part) => `--${boundary}\r\n${part}`).join(''));
    this.#tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    this.#file = new MeteredBody(file.body, file.size, operation);
    this.contentType = `multipart/form-data; boundary=${boundary}`;
    this.contentLength = this.#head.length + file.size + this.#tail.length;
  }

  get handedBytes(): number {
    return this.#file.handedBytes;
  }

  get waitingFor(): StreamedBody['waitingFor'] {
    return this.#file.waitingFor;
  }

  /** @throws ShowpadError `LengthMismatch` or `SourceFailed`, before the form is complete */
  async *slices(): AsyncGenerator<Uint8Array, void, undefined> {
    yield this.#head;
    yield* this.#file.slices();
    this.isComplete = true;
    yield this.#tail;
  }
}

/**
 * A name as a quoted parameter, in UTF-8: percent-encoded where it would end the parameter (RFC 7578, section 2),
 * and where receivers take it for an escape or for a folder to be cut off.
 */
function quoted(name: string): string {
  return name.replaceAll(/["/\\\p{Cc}]/gu, (character) => encodeURIComponent(character));
}
