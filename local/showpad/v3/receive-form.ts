import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ReceivedBinary } from '../asset-resource.ts';
import {
  boundaryOf,
  MultipartError,
  MultipartParser,
  type PartHead,
  type PartSink,
} from './multipart-parser.ts';
import { V3Problem } from './v3-problem.ts';

const maximumFieldBytes = 64 * 1024;
const keptHeadBytes = 4096;

/** What came as the part `file`; of its bytes only the beginning is kept. */
export interface ReceivedFile extends Omit<ReceivedBinary, 'receivedAt'> {
  readonly filename: string;
}

export interface ReceivedForm {
  readonly fields: ReadonlyMap<string, string>;
  readonly file: ReceivedFile | undefined;
}

/**
 * Reads a request's body to its end: a form as it arrives, anything else without looking at it. Returns the
 * form, undefined for an empty body, or what is wrong with it.
 */
export async function receiveForm(
  body: AsyncIterable<Buffer>,
  headers: IncomingHttpHeaders,
): Promise<ReceivedForm | V3Problem | undefined> {
  const boundary = boundaryOf(headers['content-type'] ?? '');
  const collector = new FormCollector();
  const parser = boundary === undefined ? undefined : new MultipartParser(boundary, collector);
  let size = 0;
  let problem: V3Problem | undefined;
  for await (const chunk of body) {
    size += chunk.length;
    if (problem === undefined) problem = refusalOf(() => parser?.write(chunk));
  }
  if (size === 0) return undefined;
  if (parser === undefined) {
    return V3Problem.invalid(5000, 'The body must be sent as multipart/form-data with a boundary.');
  }
  if (headers['content-length'] === undefined) {
    return V3Problem.invalid(5000, 'The body must be sent with a Content-Length.');
  }
  const refusal =
    problem ??
    refusalOf(() => {
      parser.end();
    });
  return refusal ?? { fields: collector.fields, file: collector.file };
}

function refusalOf(work: () => void): V3Problem | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof V3Problem) return error;
    if (!(error instanceof MultipartError)) throw error;
    return V3Problem.invalid(5000, `The form cannot be read: ${error.message}.`);
  }
}

class FormCollector implements PartSink {
  readonly fields = new Map<string, string>();
  file: ReceivedFile | undefined;
  private head: PartHead = { name: '', filename: null, contentType: null };
  private kept: Buffer[] = [];
  private size = 0;
  private md5: Hash | undefined;
  private sha256: Hash | undefined;

  begin(head: PartHead): void {
    const isKnown = this.fields.has(head.name) || (head.name === 'file' && this.file !== undefined);
    if (isKnown && !head.name.endsWith('[]')) {
      throw V3Problem.invalid(2001, `The field ${head.name} was sent twice.`);
    }
    if (head.filename !== null && head.name !== 'file' && head.name !== 'icon') {
      throw V3Problem.invalid(2001, `The field ${head.name} is no file.`);
    }
    if (head.filename === null && (head.name === 'file' || head.name === 'icon')) {
      throw V3Problem.invalid(4005, `The field ${head.name} must be a file, with a file name.`);
    }
    this.head = head;
    this.kept = [];
    this.size = 0;
    const isFile = head.name === 'file';
    this.md5 = isFile ? createHash('md5') : undefined;
    this.sha256 = isFile ? createHash('sha256') : undefined;
  }

  data(chunk: Buffer): void {
    this.md5?.update(chunk);
    this.sha256?.update(chunk);
    const maximum = this.head.filename === null ? maximumFieldBytes : keptHeadBytes;
    if (this.size < maximum) this.kept.push(Buffer.from(chunk.subarray(0, maximum - this.size)));
    this.size += chunk.length;
    if (this.head.filename === null && this.size > maximumFieldBytes) {
      throw V3Problem.invalid(2001, `The field ${this.head.name} is too long.`);
    }
  }

  end(): void {
    const { name, filename, contentType } = this.head;
    const kept = Buffer.concat(this.kept);
    if (filename === null) {
      this.fields.set(name, kept.toString('utf8'));
    } else if (this.md5 !== undefined && this.sha256 !== undefined) {
      this.file = {
        filename,
        contentType: contentType ?? 'text/plain',
        size: this.size,
        head: kept,
        md5: this.md5.digest('hex'),
        sha256: this.sha256.digest('hex'),
      };
    }
  }
}
