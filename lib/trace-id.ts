import { randomBytes } from 'node:crypto';

// A trace id of zeros is none, by both of the standards below.
const traceIdForm = /^(?!0{32})[0-9a-f]{32}$/;
const parentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const rootForm = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;

/** A trace id as we store it, send it on and log it, 32 lower-case hex digits; undefined for anything else. */
export function readTraceId(value: unknown): string | undefined {
  return typeof value === 'string' && traceIdForm.test(value) ? value : undefined;
}

/**
 * The trace id of a `traceparent`, as HTTP headers and the CloudEvents extension for distributed tracing have it;
 * undefined where it is not a valid one. Versions to come may add fields to the end.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceIdOfParent(value: unknown): string | undefined {
  const [, version, traceId, more] = typeof value === 'string' ? (parentForm.exec(value) ?? []) : [];
  const isKnown = version === '00' ? more === undefined : version !== 'ff';
  return isKnown ? readTraceId(traceId) : undefined;
}

/**
 * The trace id of X-Ray's header, in the form that the W3C gives the same id; undefined where there is none.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function traceIdOfXRay(header: string | undefined): string | undefined {
  const [, time = '', random = ''] = rootForm.exec(header ?? '') ?? [];
  return readTraceId(time + random);
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex');
}
