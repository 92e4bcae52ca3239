import type { Readable } from 'node:stream';
import { describeUrl, SourceError } from './source-error.ts';
import { asSourceFailure } from './source-refusal.ts';
import { discardBody } from './source-request.ts';

const mostBytes = 1024 * 1024;

/**
 * The JSON that an API answers with, at most 1 MiB of it.
 * @throws {SourceError} SOURCE_ANSWER_UNREADABLE when it is longer, or no JSON
 */
export async function readJsonAnswer(url: URL, body: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw asSourceFailure(url, error);
  } finally {
    discardBody(body);
  }
  if (bytes > mostBytes) throw unreadable(url, `answered with more than ${mostBytes} bytes of JSON`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw unreadable(url, 'did not answer with JSON');
  }
}

export function unreadable(url: URL, what: string): SourceError {
  return new SourceError('SOURCE_ANSWER_UNREADABLE', `${describeUrl(url)} ${what}.`);
}
