import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

const maximumBodyBytes = 4 * 1024 * 1024;

/**
 * The JSON body of a request, or undefined when it has none. Throws a Problem: 400 for anything that is not
 * JSON or not declared as JSON, 413 for more than 4 MiB.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maximumBodyBytes) chunks.push(chunk);
  }
  if (size > maximumBodyBytes) throw new Problem(413);
  if (size === 0) return undefined;
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    throw new Problem(400, { detail: 'The body must be sent as application/json.' });
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return body;
  } catch {
    throw new Problem(400, { detail: 'The body is not valid JSON.' });
  }
}
