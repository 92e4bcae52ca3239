import { STATUS_CODES } from 'node:http';
import type { Answer } from '../answer.ts';
import type { V3Problem } from './v3-problem.ts';

/** What an operation of API v3 answers: `response` of the envelope, `code` also as the HTTP status. */
export interface V3Result {
  /** 200 when left out. */
  readonly code?: number;
  readonly response: unknown;
  /** The link of what was created. */
  readonly location?: string;
}

interface EnvelopeOptions {
  /** More for `meta`. */
  readonly meta?: object;
  /** HTTP 200 whatever `meta.code` says. */
  readonly suppressed?: boolean;
}

export function resultAnswer(result: V3Result, { meta, suppressed = false }: EnvelopeOptions = {}): Answer {
  const { code = 200, response, location } = result;
  return {
    status: suppressed ? 200 : code,
    json: {
      meta: { code, message: STATUS_CODES[code] ?? '', ...meta, ...(location && { location }) },
      response,
    },
  };
}

export function problemAnswer(
  problem: V3Problem,
  { meta, suppressed = false }: EnvelopeOptions = {},
): Answer {
  const { status, code, name, message, headers } = problem;
  return {
    status: suppressed ? 200 : status,
    headers,
    json: {
      meta: { code: status, message: STATUS_CODES[status] ?? 'Error', ...meta },
      response: { code, name, message },
    },
  };
}
