import { ShowpadError } from './errors.ts';
import type { Operation } from './errors.ts';

/** Failures before a connection stood: nothing of the request can have been sent. */
const unsentCodes = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'FORBIDDEN_ADDRESS',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
const untrustedCertificate = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
const hopelessCodes = new Set(['FORBIDDEN_ADDRESS', 'UND_ERR_INVALID_ARG']);
const unreadableAnswer = new Set(['HTTPParserError', 'UND_ERR_HEADERS_OVERFLOW']);

/** What came up while a request was under way: an error of the transport, or the caller's own signal. */
export function transportFailure(
  error: unknown,
  call: {
    readonly operation: Operation;
    readonly signal?: AbortSignal | undefined;
    /** Whether enough was sent to have an effect; what is not known counts as sent. */
    readonly sent?: boolean;
  },
): ShowpadError {
  if (error instanceof ShowpadError) return error;
  const { operation } = call;
  const code = codeOf(error);
  const unsent = call.sent === false || unsentCodes.has(code) || untrustedCertificate.test(code);
  const effect = unsent ? { outcomeUnknown: false } : {};
  if (call.signal?.aborted === true)
    return new ShowpadError({
      operation,
      kind: 'timeout',
      title: 'Stopped by the caller',
      ...effect,
      cause: error,
    });
  return new ShowpadError({
    operation,
    ...describe(code),
    detail: error instanceof Error ? error.message : String(error),
    retryable: !hopelessCodes.has(code),
    ...effect,
    // An HTTPParserError holds a piece of the answer, which is not for logs.
    ...(code === 'HTTPParserError' ? {} : { cause: error }),
  });
}

function describe(code: string): { kind: 'timeout' | 'protocol' | 'network'; title: string } {
  if (/TIMEOUT|ETIMEDOUT|TimeoutError/.test(code)) return { kind: 'timeout', title: 'No answer in time' };
  if (unreadableAnswer.has(code)) return { kind: 'protocol', title: 'The answer is not HTTP' };
  if (code === 'FORBIDDEN_ADDRESS') return { kind: 'network', title: 'The address is not allowed' };
  return { kind: 'network', title: 'The connection failed' };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error.name === 'HTTPParserError' || error.name === 'TimeoutError') return error.name;
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
