import { errors, type Dispatcher } from 'undici';
import { singleHeader } from './source-answer.ts';
import { ForbiddenAddressError } from './public-addresses.ts';
import { credentialPatienceSeconds, parseRetryAfter } from './retry-rules.ts';
import { describeUrl, SourceError, type SourceFailureCode } from './source-error.ts';
import { urlExpiresAt } from './source-url.ts';

const expiredText =
  /Request has expired|ExpiredToken|ExpiredRequest|token has expired|signature (?:has )?expired|not valid in the specified time frame/i;
const wrongSignatureText = /SignatureDoesNotMatch|InvalidAccessKeyId/;

function isExpired(url: URL, errorText: string, nowMs: number): boolean {
  if (expiredText.test(errorText)) return true;
  if (wrongSignatureText.test(errorText)) return false;
  const expiresAt = urlExpiresAt(url);
  return expiresAt !== null && !(expiresAt > nowMs);
}

/**
 * The error for a status other than the wanted one. 400, 401 and 403 are SOURCE_URL_EXPIRED when the store says so
 * (S3, Google, Azure) or when the URL carries an expiry that has passed or cannot be read; a gone (410) signed URL
 * counts as expired too, any other gone file as not found.
 */
export function refusal(
  url: URL,
  response: Dispatcher.ResponseData,
  errorText: string,
  nowMs: number,
): SourceError {
  const status = response.statusCode;
  const place = describeUrl(url);
  const failure = (code: SourceFailureCode, what: string): SourceError =>
    new SourceError(code, `${place} answered ${status}: ${what}.`);

  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new SourceError(
      'SOURCE_UNREACHABLE',
      `${place} answered ${status}: it cannot serve the file now.`,
      {
        retryable: true,
        retryAfterSeconds: parseRetryAfter(singleHeader(response.headers, 'retry-after'), nowMs),
      },
    );
  }
  if (status === 400 || status === 401 || status === 403) {
    if (isExpired(url, errorText, nowMs)) {
      return failure('SOURCE_URL_EXPIRED', 'the link has expired; send an event with a fresh one');
    }
    if (status !== 400) {
      return failure(
        'SOURCE_FORBIDDEN',
        'the file needs rights that the link does not carry; send a signed link',
      );
    }
  }
  if (status === 410 && urlExpiresAt(url) !== null) {
    return failure('SOURCE_URL_EXPIRED', 'the link has been withdrawn; send an event with a fresh one');
  }
  if (status === 404 || status === 410) return failure('SOURCE_NOT_FOUND', 'there is no such file');
  return failure('SOURCE_UNUSABLE', 'only a 200 with the whole file is of use');
}

/** The same for an answer of a source's API, which was asked with a stored credential. */
export function apiRefusal(url: URL, response: Dispatcher.ResponseData, nowMs: number): SourceError {
  const { statusCode: status } = response;
  const place = describeUrl(url);
  if (status === 401 || status === 403) {
    const message = `${place} answered ${status} to the credential that is stored for the source.`;
    return new SourceError('SOURCE_CREDENTIAL_REFUSED', message, {
      retryable: true,
      retryAfterSeconds: credentialPatienceSeconds,
    });
  }
  if (status === 404 || status === 410) {
    // A vendor may tell of a file before its own API shows it.
    const message = `${place} answered ${status}: the source does not show the file.`;
    return new SourceError('SOURCE_NOT_FOUND', message, { retryable: true });
  }
  return refusal(url, response, '', nowMs);
}

const unreachableCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'ENODATA',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);
/** A length mismatch is no cut: it takes headers that contradict each other. */
const malformedAnswers = [
  errors.HTTPParserError,
  errors.HeadersOverflowError,
  errors.ResponseContentLengthMismatchError,
];
const untrustedCodes =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH$|EPROTO$)/;

function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/**
 * The SourceError for what a request or a body stream threw. An error that says nothing about the source (an abort,
 * a mistake of the program) is given back as it is.
 */
export function asSourceFailure(url: URL, error: unknown): unknown {
  if (error instanceof SourceError) return error;
  const code = errorCode(error);
  const place = describeUrl(url);
  if (error instanceof ForbiddenAddressError) {
    const message = `${url.host} is not at a public address. Files are only fetched from the public internet.`;
    return new SourceError('SOURCE_FORBIDDEN_ADDRESS', message, { cause: error });
  }
  if (unreachableCodes.has(code)) {
    const options = { retryable: true, cause: error };
    return new SourceError('SOURCE_UNREACHABLE', `The connection to ${place} failed (${code}).`, options);
  }
  if (malformedAnswers.some((kind) => error instanceof kind)) {
    return new SourceError('SOURCE_UNUSABLE', `${place} does not answer in valid HTTP.`, {
      cause: error,
    });
  }
  if (untrustedCodes.test(code)) {
    const message = `${url.host} has no certificate or TLS version that can be trusted (${code}).`;
    return new SourceError('SOURCE_UNUSABLE', message, { cause: error });
  }
  return error;
}
