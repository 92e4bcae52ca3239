import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { httpApiEvent } from './http-api-event.ts';
import { gatewayAnswer, httpApiAnswer, sendAnswer } from './http-api-response.ts';
import type { HttpAnswer } from './http-api-response.ts';
import { matchRoute } from './http-api-routes.ts';
import type { Route } from './http-api-routes.ts';
import type { InvocationResult } from './lambda.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';

const mebibyte = 1024 ** 2;
const largestPayloadBytes = 10 * mebibyte;
/** The synchronous Lambda call behind the route takes no larger event. */
const largestEventBytes = 6 * mebibyte;
const largestHeaderBytes = 10_240;
const integrationTimeoutMs = 30_000;
/** Long enough that a client with pooled connections does not meet one that just closes. */
const idleMs = 65_000;

/**
 * An API Gateway HTTP API on loopback. Routes with IAM authorisation are open: only this machine reaches them.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 * @throws {Error} when the port is taken.
 */
export async function startHttpApi(
  routes: readonly Route[],
  invoke: (functionName: string, event: unknown) => Promise<InvocationResult>,
  port: number,
): Promise<Listening> {
  const answer = async (request: IncomingMessage): Promise<HttpAnswer> => {
    if (headerBytes(request) > largestHeaderBytes)
      return gatewayAnswer(431, 'Request Header Fields Too Large');
    const body = await readBody(request);
    if (body === undefined) return gatewayAnswer(413, 'Request Entity Too Large');
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (!isDecodable(path)) return gatewayAnswer(400, 'Bad Request');
    const match = matchRoute(routes, request.method ?? '', path);
    if (match === undefined) return gatewayAnswer(404, 'Not Found');
    const event = httpApiEvent(request, match, body);
    if (Buffer.byteLength(JSON.stringify(event)) > largestEventBytes) {
      return gatewayAnswer(413, 'Request Entity Too Large');
    }
    const result = await withinTime(invoke(match.route.functionName, event));
    if (result === undefined) return gatewayAnswer(503, 'Service Unavailable');
    return result.ok ? httpApiAnswer(result.payload) : gatewayAnswer(500, 'Internal Server Error');
  };

  const server = createServer(
    { maxHeaderSize: 4 * largestHeaderBytes, keepAliveTimeout: idleMs },
    (request, response) => {
      answer(request).then(
        (ready) => sendAnswer(response, ready),
        () => response.destroy(),
      );
    },
  );
  return listen(server, port);
}

async function withinTime<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  const { promise: timeUp, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), integrationTimeoutMs);
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** The body, or nothing when it is too large; the rest of such a body is read and dropped, so the answer arrives. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= largestPayloadBytes) chunks.push(chunk);
  }
  return bytes <= largestPayloadBytes ? Buffer.concat(chunks) : undefined;
}

function headerBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  return method.length + url.length + rawHeaders.reduce((bytes, text) => bytes + text.length, 0);
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
