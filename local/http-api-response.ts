import type { ServerResponse } from 'node:http';
import * as z from 'zod';

const structuredSchema = z.object({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** An answer of API Gateway's own. */
export function gatewayAnswer(statusCode: number, message: string): HttpAnswer {
  const body = Buffer.from(JSON.stringify({ message }));
  return { statusCode, headers: { 'content-type': 'application/json' }, body };
}

/**
 * What an HTTP API makes of a function's answer, payload format 2.0: an object with `statusCode` is taken apart,
 * any other value becomes the JSON body of a 200; a malformed answer becomes a 500.
 */
export function httpApiAnswer(payload: unknown): HttpAnswer {
  if (typeof payload !== 'object' || payload === null || !('statusCode' in payload)) {
    const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const parsed = structuredSchema.safeParse(payload);
  if (!parsed.success) return gatewayAnswer(500, 'Internal Server Error');
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  return {
    statusCode,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...Object.fromEntries(
        Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
      ),
      ...(cookies === undefined || cookies === null ? {} : { 'set-cookie': cookies }),
    },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

export function sendAnswer(response: ServerResponse, { statusCode, headers, body }: HttpAnswer): void {
  const hasBody = statusCode !== 204 && statusCode !== 304;
  response.statusCode = statusCode;
  for (const [name, value] of Object.entries(headers)) {
    if (name !== 'content-length' && (hasBody || name !== 'content-type')) response.setHeader(name, value);
  }
  if (hasBody) response.setHeader('content-length', body.length);
  response.end(hasBody ? body : undefined);
}
