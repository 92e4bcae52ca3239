import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { parseRetryAfter } from '../retry-rules.ts';
import { ShowpadError } from './errors.ts';
import type { Method, Operation } from './errors.ts';
import { transportFailure } from './failure.ts';

export interface Exchange {
  readonly operation: Operation;
  readonly method: Method;
  readonly url: string;
  readonly token: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly now: () => number;
}

export interface RawAnswer {
  readonly status: number;
  /** The parsed JSON; undefined when the body was empty, or is a failure's and could not be read. */
  readonly body: unknown;
  readonly retryAfterSeconds: number | null;
}

const maximumAnswerBytes = 10 * 1024 * 1024;

/**
 * One HTTP request with JSON in and out. Redirects are not followed.
 * @throws ShowpadError when no answer came, or a success whose body is not JSON or is larger than 10 MiB
 */
export async function exchange(dispatcher: Dispatcher, call: Exchange): Promise<RawAnswer> {
  const { timeoutMs } = call;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await request(call.url, {
      dispatcher,
      method: call.method,
      headers: headersOf(call),
      headersTimeout: timeoutMs,
      bodyTimeout: 0,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]),
    });
    return await readRawAnswer(answer, call);
  } catch (error) {
    throw transportFailure(error, call);
  }
}

/**
 * Reads the body of an answer.
 * @throws ShowpadError for a success whose body is not JSON or is larger than 10 MiB
 */
export async function readRawAnswer(
  answer: Dispatcher.ResponseData,
  { operation, token, timeoutMs, now }: Pick<Exchange, 'operation' | 'token' | 'timeoutMs' | 'now'>,
): Promise<RawAnswer> {
  const status = answer.statusCode;
  const retryAfterSeconds = parseRetryAfter(single(answer.headers['retry-after']), now());
  const type = single(answer.headers['content-type']) ?? 'no content type';
  if (status >= 300) {
    // The status is an answer even when its body is cut off, huge or not JSON.
    const text = await readText(answer.body, timeoutMs).catch(() => null);
    return { status, body: parseJson(text?.replaceAll(token, '…') ?? ''), retryAfterSeconds };
  }
  const text = await readText(answer.body, timeoutMs);
  if (text === null)
    throw protocolError(operation, status, `The answer is larger than ${maximumAnswerBytes} bytes.`);
  // Nothing that is read of an answer may bring the token back to us.
  const body = parseJson(text.replaceAll(token, '…'));
  if (text !== '' && (body === undefined || /^text\/html\b/i.test(type)))
    throw protocolError(operation, status, `The answer is ${type}, not JSON.`);
  return { status, body, retryAfterSeconds };
}

export function protocolError(operation: Operation, status: number, detail: string): ShowpadError {
  return new ShowpadError({ operation, kind: 'protocol', status, title: 'Unexpected answer', detail });
}

/** The headers of every call. */
export function commonHeaders(token: string): Record<string, string> {
  return {
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    'user-agent': 'showpad-connector',
  };
}

function headersOf({ token, body }: Exchange): Record<string, string> {
  const headers = commonHeaders(token);
  return body === undefined ? headers : { ...headers, 'content-type': 'application/json' };
}

/** Null when the text is larger than the limit. */
export async function readText(
  body: Dispatcher.ResponseData['body'],
  timeoutMs: number,
  maximumBytes: number = maximumAnswerBytes,
): Promise<string | null> {
  const deadline = setTimeout(() => {
    const error = new Error(`The answer did not end within ${timeoutMs} ms.`);
    body.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maximumBytes) return null;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    clearTimeout(deadline);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value;
}
