import { withoutSecrets } from './without-secrets.ts';

/** Why a file could not be fetched from its source. */
export type SourceFailureCode =
  | 'SOURCE_URL_INVALID'
  | 'SOURCE_FORBIDDEN_ADDRESS'
  | 'SOURCE_UNREACHABLE'
  | 'SOURCE_URL_EXPIRED'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_FORBIDDEN'
  | 'SOURCE_TOO_MANY_REDIRECTS'
  | 'SOURCE_UNUSABLE'
  | 'SOURCE_CREDENTIAL_MISSING'
  | 'SOURCE_CREDENTIAL_REFUSED'
  | 'SOURCE_ANSWER_UNREADABLE'
  | 'FILE_TOO_LARGE'
  | 'FILE_EMPTY'
  | 'SIZE_MISMATCH'
  | 'CHECKSUM_MISMATCH'
  | 'TYPE_MISMATCH'
  | 'TYPE_NOT_ALLOWED'
  | 'CONTENT_REFUSED';

export type SourceErrorOptions = { retryable?: boolean; retryAfterSeconds?: number | null; cause?: unknown };

/**
 * A source did not give the file it was asked for. The message names the host and path of the URL, never its
 * query, so it may be logged and shown. `retryable` says that the same URL may well work later;
 * `retryAfterSeconds` is what the source asked for, 1 to 900, or null.
 */
export class SourceError extends Error {
  readonly code: SourceFailureCode;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | null;

  constructor(code: SourceFailureCode, message: string, options: SourceErrorOptions = {}) {
    super(withoutSecrets(message), { cause: options.cause });
    this.name = 'SourceError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

const longestPath = 200;
const mailAddress = /[^/]+(?:@|%40)[^/]+/gi;
// Some links carry their signature in the path.
const keyLikeSegment =
  /\/(?:[^/]*(?:token|hmac|signature|secret)=[^/]*|(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[\w~+=-]{32,})(?=\/|$)/gi;

/** Host and path of a URL for messages: no user, query, fragment, e-mail address or key; a long path is cut. */
export function describeUrl(url: URL): string {
  const path = url.pathname.replace(mailAddress, '…').replace(keyLikeSegment, '/…');
  return `${url.host}${path.length > longestPath ? `${path.slice(0, longestPath)}…` : path}`;
}
