import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Fault } from './events.ts';
import { withoutSecrets } from './without-secrets.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** An HTTP answer that is an RFC 9457 problem; `errors` names each bad field. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly errors: readonly Fault[];
  readonly retryAfterSeconds: number | null;

  constructor(
    status: number,
    detail: string,
    errors: readonly Fault[] = [],
    retryAfterSeconds: number | null = status === 503 ? 5 : null,
  ) {
    super(withoutSecrets(detail));
    this.status = status;
    this.errors = errors.map(({ field, message }) => {
      return { field: withoutSecrets(field), message: withoutSecrets(message) };
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }

  toResponse(): APIGatewayProxyStructuredResultV2 {
    const { status, message: detail, errors, retryAfterSeconds } = this;
    return {
      statusCode: status,
      headers: {
        'content-type': 'application/problem+json',
        ...(retryAfterSeconds !== null && { 'retry-after': String(retryAfterSeconds) }),
      },
      body: JSON.stringify({
        type: 'about:blank',
        title: titles[status] ?? 'Error',
        status,
        detail,
        ...(errors.length > 0 && { errors }),
      }),
    };
  }
}

/** An HTTP answer with a JSON body. */
export function jsonResponse(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
