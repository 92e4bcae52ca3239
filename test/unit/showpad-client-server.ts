import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { createDispatcher } from '../../lib/guarded-connector.ts';
import { ShowpadClient } from '../../lib/showpad/client.ts';
import type { ShowpadClientOptions } from '../../lib/showpad/client.ts';
import { ShowpadError } from '../../lib/showpad/errors.ts';
import { staticToken } from '../../lib/showpad/token.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request; `index` counts the requests of the server from 0. */
export type Answer = (response: ServerResponse, received: Received, index: number) => void;

/** A server on loopback that reads each request whole and answers it, gone when the test is over. */
export async function startServer(answer: Answer) {
  const requests: Received[] = [];
  const raw = await startRawServer(async (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => request.on('end', resolve));
    const { method = '', url = '', headers } = request;
    const received = { method, url, headers, body: Buffer.concat(chunks).toString() };
    requests.push(received);
    answer(response, received, requests.length - 1);
  });
  return { ...raw, requests };
}

/** A server on loopback, gone when the test is over. */
export async function startRawServer(
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void,
) {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return { server, port: address.port, url: `http://127.0.0.1:${address.port}` };
}

/** A client of `url` that never really sleeps; `sleeps` holds the delays it asked for, in milliseconds. */
export function clientOf(url: string, options: Partial<ShowpadClientOptions> = {}) {
  const sleeps: number[] = [];
  const client = new ShowpadClient({
    v4Url: `${url}/v4`,
    v3Url: `${url}/api/v3/`,
    token: staticToken(() => Promise.resolve('token-1')),
    createDispatcher: () => createDispatcher({ allowPrivateAddresses: true, connectTimeoutMs: 500 }),
    allowPrivateAddresses: true,
    random: () => 0.5,
    sleep: (delayMs) => {
      sleeps.push(delayMs);
      return Promise.resolve();
    },
    ...options,
  });
  onTestFinished(() => client.close());
  return Object.assign(client, { sleeps });
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));
}

/** The ShowpadError that `promise` must end with. */
export async function failureOf(promise: Promise<unknown>): Promise<ShowpadError> {
  const error = await promise.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof ShowpadError) return error;
  throw error;
}
