import { addAbortSignal, type Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { singleHeader } from './source-answer.ts';
import { describeUrl, SourceError } from './source-error.ts';
import { apiRefusal, asSourceFailure, refusal } from './source-refusal.ts';
import { parseSourceUrl } from './source-url.ts';

const bodyHighWaterMark = 1024 * 1024;
const errorTextLimit = 16 * 1024;
/** Stores tell an expired link from a wrong one only in the text of these. */
const statusesWithReason = new Set([400, 401, 403]);
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** What is sent to one origin only. */
export type Authorization = { readonly origin: string; readonly value: string };

export type SourceRequestOptions = {
  dispatcher: Dispatcher;
  allowPrivateAddresses: boolean;
  headersTimeoutMs: number;
  maxRedirects: number;
  signal: AbortSignal | undefined;
  now: () => number;
  /** Goes to the API's own origin, and along no redirect to another. */
  authorization?: Authorization | undefined;
  accept?: string | undefined;
};

/** An answer whose body nobody has read yet, and the URL that gave it after all redirects. */
export type SourceAnswer = {
  url: URL;
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: Readable;
};

/** Gives up a body and its connection, whatever state it is in. */
export function discardBody(body: Readable): void {
  body.on('error', () => undefined);
  body.destroy();
}

async function readErrorText(body: Readable, timeoutMs: number): Promise<string> {
  let text = '';
  try {
    for await (const chunk of addAbortSignal(AbortSignal.timeout(timeoutMs), body.setEncoding('utf8'))) {
      text += String(chunk);
      if (text.length >= errorTextLimit) break;
    }
  } catch {
    // The status alone is an answer; the text only refines it.
  }
  return text;
}

function redirectTarget(from: URL, response: Dispatcher.ResponseData, allowPrivateAddresses: boolean): URL {
  const location = singleHeader(response.headers, 'location');
  if (location === undefined) {
    throw new SourceError('SOURCE_UNUSABLE', `${describeUrl(from)} redirects without saying where.`);
  }
  const target = parseSourceUrl(location, allowPrivateAddresses, from);
  if (from.protocol === 'https:' && target.protocol === 'http:' && !allowPrivateAddresses) {
    throw new SourceError('SOURCE_UNUSABLE', `${describeUrl(from)} redirects from https to http.`);
  }
  return target;
}

/**
 * GETs a source file, following redirects by hand so that every hop is judged like the first URL. With `range` it
 * asks for the rest of the content and may answer 206, 200 or 416, otherwise 200 only.
 * @throws {SourceError} for every other status, for a connection that fails, for a bad or endless redirect
 */
export async function requestSource(
  start: URL,
  options: SourceRequestOptions,
  range: Record<string, string> | null = null,
): Promise<SourceAnswer> {
  const headers = {
    accept: options.accept ?? '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'showpad-connector',
    ...range,
  };
  const wanted = range === null ? [200] : [206, 200, 416];
  let url = start;
  for (let redirects = 0; ; redirects += 1) {
    let response: Dispatcher.ResponseData;
    const authorization = options.authorization?.origin === url.origin ? options.authorization.value : null;
    try {
      response = await request(url, {
        dispatcher: options.dispatcher,
        headers: authorization === null ? headers : { ...headers, authorization },
        headersTimeout: options.headersTimeoutMs,
        // Whoever reads the body watches it: undici's timers are half a second off.
        bodyTimeout: 0,
        highWaterMark: bodyHighWaterMark,
        signal: options.signal ?? null,
      });
    } catch (error) {
      throw asSourceFailure(url, error);
    }
    if (wanted.includes(response.statusCode)) {
      return { url, status: response.statusCode, headers: response.headers, body: response.body };
    }

    if (!redirectStatuses.has(response.statusCode)) {
      const mayTellMore = statusesWithReason.has(response.statusCode);
      const errorText = mayTellMore ? await readErrorText(response.body, options.headersTimeoutMs) : '';
      discardBody(response.body);
      if (authorization !== null) throw apiRefusal(url, response, options.now());
      throw refusal(url, response, errorText, options.now());
    }
    discardBody(response.body);
    if (redirects === options.maxRedirects) {
      const message = `${describeUrl(start)} redirects more than ${options.maxRedirects} times.`;
      throw new SourceError('SOURCE_TOO_MANY_REDIRECTS', message);
    }
    url = redirectTarget(url, response, options.allowPrivateAddresses);
  }
}
